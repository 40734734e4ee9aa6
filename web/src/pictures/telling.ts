import type { Picture } from './picture';

/** Tells what is drawn, at most once a frame, and never two at a time: what changes meanwhile is told after. */
export class Telling {
  code = ''; // of what was told last
  private frame = 0;
  private busy = false;
  private changed = false;

  constructor(
    private readonly make: () => Promise<Picture>,
    private readonly tell: (picture: Picture) => void,
  ) {}

  later(): void {
    this.changed = true;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      void this.now();
    });
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.changed = false;
  }

  private async now(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.changed) {
        this.changed = false;
        const picture = await this.make();
        this.code = picture.code;
        this.tell(picture);
      }
    } finally {
      this.busy = false;
    }
  }
}
