import type { Values } from '../app/address';
import { ApiError } from '../api';
import { filtered, mapsOf } from '../core/filtering';
import { readKernel } from '../core/kernel_text';
import { pool } from '../core/pooling';
import { readPool, type Pooling } from '../core/pool_text';
import { readBias, readPosition, readSettings } from '../core/settings_text';
import { CoreError } from '../core/sliding';
import { part, type Tensor } from '../core/tensor';
import { pictureOf } from '../pictures/code';
import { PictureError } from '../pictures/error';
import type { Picture } from '../pictures/picture';
import type { SamplePicture } from '../pictures/samples';
import { words } from '../words';
import { DEFAULT_KERNEL, INITIAL, type ConvolutionKey } from './address';
import { chained, textsOf } from './chained';
import { across, forSignal } from './fitting';
import { cropped, grey } from './taken';
import { Walked } from './walked';

/** What is wrong, and the control it is about. */
interface Wrong {
  message: string;
  about: CoreError['about'];
}

/** What slides, and how it went. */
interface Computed {
  walked: Walked;
  kernel: Tensor | null; // as given: (filters, planes, ...); null of a pool
  pooling: Pooling | null;
}

/** The Convolution screen's state: what its address holds, and what follows from it. */
export class ConvolutionState {
  address = $state({ ...INITIAL });
  picture = $state.raw<Picture | null>(null);
  pictureWrong = $state('');
  playing = $state(false);
  filling = $state(false); // steps were gone through: what is beyond the present one is still to come
  pointed = $state<number | null>(null); // a step that is pointed at, without going there
  notice = $state(''); // what the screen changed by itself
  #last: Computed | null = null;
  #fitted: { from: string; to: string } | null = null; // the kernel of a picture, and what a signal has instead

  /** What is computed with: the picture, grey and cut where the address says so. */
  readonly #taken = $derived.by((): { input: Tensor | null; wrong: Wrong | null } => {
    if (!this.picture) return { input: null, wrong: null };
    const { values, kind } = this.picture;
    try {
      const colours = kind === 'picture' && values.shape[0] === 3;
      const shades = this.address.grey === 'yes' && colours ? grey(values) : values;
      const { crop } = this.address;
      return { input: crop.trim() ? cropped(shades, crop) : shades, wrong: null };
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      return { input: null, wrong: { message: error.message, about: error.about } };
    }
  });

  /** What is computed, and what is wrong; with something wrong, what was computed last. */
  readonly result = $derived.by((): { computed: Computed | null; wrong: Wrong | null } => {
    const { input, wrong } = this.#taken;
    if (!input) return { computed: this.#last, wrong };
    try {
      this.#last = computed(input, this.address);
      return { computed: this.#last, wrong: null };
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      return { computed: this.#last, wrong: { message: error.message, about: error.about } };
    }
  });
  readonly walked = $derived(this.result.computed?.walked ?? null);
  /** The kernel of the address, also where it does not fit; the last one where it cannot be read. */
  readonly kernel = $derived.by((): Tensor | null => {
    const last = this.result.computed?.kernel ?? null;
    if (!this.result.wrong || this.pools) return last;
    try {
      return readKernel(this.address.kernel || DEFAULT_KERNEL, this.rank);
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      return last;
    }
  });
  readonly pooling = $derived(this.result.computed?.pooling ?? null);
  readonly #present = $derived.by((): { index: number; wrong: Wrong | null } => {
    if (!this.walked) return { index: 0, wrong: null };
    try {
      return { index: indexOf(this.walked, this.address.at), wrong: null };
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      return { index: 0, wrong: { message: error.message, about: error.about } };
    }
  });
  /** The step that the address names; the first where it names none. */
  readonly index = $derived(this.#present.index);
  /** The step that is shown: one that is pointed at goes before that of the address. */
  readonly shown = $derived(
    this.pointed !== null && this.walked && this.pointed < this.walked.count ? this.pointed : this.index,
  );
  readonly step = $derived(this.walked?.step(this.shown) ?? null);
  readonly wrongs = $derived.by((): Wrong[] => {
    const picture: Wrong[] = this.pictureWrong ? [{ message: this.pictureWrong, about: 'picture' }] : [];
    return [...picture, ...[this.result.wrong, this.#present.wrong].filter((wrong) => wrong !== null)];
  });
  /** Whether what is shown is not what the address asks for. */
  readonly stale = $derived(Boolean(this.pictureWrong || this.result.wrong));
  /** What follows the output: of the last one that was computed. */
  readonly stages = $derived(this.walked ? chained(mapsOf(this.walked.walk), textsOf(this.address)) : []);
  /** Whether a command with these settings gives what is shown. */
  readonly right = $derived(!this.wrongs.length && this.stages.every(({ wrong }) => !wrong));
  readonly channels = $derived(this.#taken.input?.shape[0] ?? 1);
  readonly rank = $derived(this.picture && this.picture.values.shape.length === 2 ? 1 : 2);
  /** Whether the picture itself holds more numbers than can be computed with. */
  readonly tooLarge = $derived(this.result.wrong?.about === 'picture');
  readonly pools = $derived(!this.address.kernel && Boolean(this.address.pool));

  wrongOf(about: CoreError['about']): string | undefined {
    return this.wrongs.find((wrong) => wrong.about === about)?.message;
  }
  /** Other settings. A step that there is no more gives way to the first. */
  change(values: Partial<Values<ConvolutionKey>>): void {
    Object.assign(this.address, values);
    this.pointed = null;
    this.playing = false;
    this.notice = '';
    if (this.#present.wrong) this.address.at = '';
  }
  /** Another picture, from a person's hand. */
  take(picture: Picture): void {
    const { rank, picture: before } = this;
    const alike = String(before?.values.shape.slice(1)) === String(picture.values.shape.slice(1));
    this.pictureWrong = '';
    this.picture = picture;
    this.change({ picture: picture.code, ...(alike ? {} : { crop: '' }) });
    if (before && this.rank !== rank && !this.pools) this.#fit();
  }
  /** Another kernel, where that of a picture does not fit a signal, or that of a signal a picture. */
  #fit(): void {
    const { padding, stride, dilation, kernel } = this.address;
    const back = this.#fitted?.to === kernel ? [this.#fitted.from] : [];
    if (this.rank === 1)
      this.change({ padding: across(padding), stride: across(stride), dilation: across(dilation) });
    const misfits = () => this.result.wrong?.about === 'kernel';
    if (!misfits() && !back.length) return;
    const fitting = (this.rank === 1 ? forSignal(kernel) : [...back, DEFAULT_KERNEL]).find((other) => {
      this.change({ kernel: other });
      return !misfits();
    });
    if (fitting === undefined) return this.change({ kernel });
    this.#fitted = this.rank === 1 ? { from: kernel, to: fitting } : null;
    this.notice = words.convolution.fitted(this.rank, kernel || DEFAULT_KERNEL, fitting);
  }
  /** Goes to a step; `filling` where steps are gone through one by one. */
  go(index: number, filling: boolean): void {
    if (!this.walked) return;
    const position = this.walked.positionOf(index);
    this.address.at = (this.walked.maps === 1 ? position.slice(-this.walked.rank) : position).join(',');
    this.filling = filling;
    this.pointed = null;
  }
  /** Brings the picture that the address names; `offered`: samples beside the page's own. Call it when that has changed. */
  async bring(offered: readonly SamplePicture[] = []): Promise<void> {
    const code = this.address.picture;
    if (this.picture?.code === code) {
      this.pictureWrong = ''; // an address before this one may have had none
      return;
    }
    try {
      const picture = await pictureOf(code, offered);
      if (this.address.picture !== code) return; // another was asked for meanwhile
      this.pictureWrong = '';
      this.picture = { ...picture, code };
    } catch (error) {
      const known = [CoreError, PictureError, ApiError].some((kind) => error instanceof kind);
      if (!known) throw error;
      if (this.address.picture === code) this.pictureWrong = (error as Error).message;
    }
  }
}

function computed(input: Tensor, address: Values<ConvolutionKey>): Computed {
  const rank = input.shape.length - 1;
  const settings = readSettings(address);
  if (!address.kernel && address.pool) {
    const pooling = readPool(address.pool);
    const { stride, ...others } = settings;
    const given = address.stride === INITIAL.stride ? others : settings; // 1 is not said, and the window's size counts
    void stride;
    const walk =
      input.shape[0] === 1
        ? pool(part(input, 0), pooling, { ...given, channels: false })
        : pool(input, pooling, { ...given, channels: true });
    return { walked: new Walked(walk, true), kernel: null, pooling };
  }
  const kernel = readKernel(address.kernel || DEFAULT_KERNEL, rank);
  const walk = filtered(input, kernel, {
    ...settings,
    bias: readBias(address.bias),
    flip: address.flip === 'yes',
  });
  const each = kernel.shape[0] === 1 && kernel.shape[1] === 1;
  return { walked: new Walked(walk, each), kernel, pooling: null };
}

/** The step of an address; the first where it names none. Raises CoreError where there is no such step. */
function indexOf(walked: Walked, at: string): number {
  const position = readPosition(at);
  if (!position) return 0;
  const whole = position.length === walked.rank ? [0, ...position] : position;
  const [map = 0, ...place] = whole;
  const [row, column] = walked.rank === 1 ? [0, place[0]] : place;
  const shape = [walked.maps, walked.rows, walked.columns];
  const given = [map, row, column];
  if (whole.length !== walked.rank + 1 || given.some((at, axis) => at === undefined || at >= shape[axis]!))
    throw new CoreError(words.core.noStep(position, walked.walk.shape), 'at');
  return walked.indexOf(map, [row!, column!]);
}
