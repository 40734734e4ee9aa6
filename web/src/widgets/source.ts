import { ApiError, type Pass, type Sample, type Source } from '../api';
import { passIn } from '../pass_message';
import type { Picture } from '../pictures/picture';
import { words } from '../words';
import type { Model } from './model';
import { bytesOf } from './bytes';

export const PATIENCE = 30_000; // milliseconds: a kernel may be at work on a cell, and answers afterwards
export const SHORT = 2_000; // where it is known to have gone

interface Told {
  id?: unknown;
  answer?: unknown;
  error?: { message: string; about: ApiError['about'] };
}

interface Heard {
  answer: unknown;
  files: Uint8Array<ArrayBuffer>[];
}
interface Waiting {
  resolve: (heard: Heard) => void;
  reject: (error: Error) => void;
}

/** The answers of the kernel: a question and its answer are messages with one `id` (widgets/questions.py). */
export function kernel(model: Model, patience = PATIENCE): Source & { close: () => void } {
  const waiting = new Map<string, Waiting>();
  const view = crypto.getRandomValues(new Uint32Array(2)).join('-'); // all views of a widget hear each other's answers
  let last = 0;
  let lost = false; // the channel was closed; an answer says that it is there again

  const heard = (told: Told, buffers: ArrayBufferView[] = []) => {
    const question = typeof told?.id === 'string' ? waiting.get(told.id) : undefined;
    lost = false;
    if (!question) return; // another view's, or one that was given up
    if (told.error) question.reject(new ApiError(told.error.message, told.error.about));
    else question.resolve({ answer: told.answer, files: buffers.map(bytesOf) });
  };
  const gone = () => {
    lost = true;
    for (const question of [...waiting.values()])
      question.reject(new ApiError(words.widgets.restarted, 'server'));
  };
  model.on('msg:custom', heard);
  model.on('comm_live_update', gone);
  model.on('comm:close', gone);

  function ask(question: object, file?: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<Heard> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const id = `${view}-${(last += 1)}`;
      const over = () => {
        waiting.delete(id);
        clearTimeout(late);
        signal?.removeEventListener('abort', abort);
      };
      const refuse = (error: Error) => (over(), reject(error));
      const abort = () => refuse(signal?.reason as Error);
      const [sentence, wait] = lost ? [words.widgets.restarted, SHORT] : [words.widgets.silent, patience];
      const late = setTimeout(() => refuse(new ApiError(sentence, 'server')), wait);
      waiting.set(id, { resolve: (answer) => (over(), resolve(answer)), reject: refuse });
      signal?.addEventListener('abort', abort);
      try {
        model.send({ id, ...question }, undefined, file ? [bytesOf(file)] : []);
      } catch {
        refuse(new ApiError(words.widgets.restarted, 'server')); // the channel was closed
      }
    });
  }
  const said = async <T>(question: object, file?: Uint8Array<ArrayBuffer>) =>
    (await ask(question, file)).answer as T;

  return {
    models: () => said({ question: 'models' }),
    network: (model) => said({ question: 'network', model }),
    why: async (model, picture, cell) => said({ question: 'why', model, cell }, fileOf(picture)),
    drawing: async (model) =>
      `data:image/svg+xml,${encodeURIComponent(await said<string>({ question: 'drawing', model }))}`,
    samples: async (model): Promise<Sample[]> => {
      const { answer, files } = await ask({ question: 'samples', model });
      return (answer as string[]).map((name, k) => ({ name, file: files[k] as Uint8Array<ArrayBuffer> }));
    },
    pass: async (model, picture, layers, signal): Promise<Pass> => {
      const { files } = await ask(
        { question: 'pass', model, layers: layers ?? null },
        fileOf(picture),
        signal,
      );
      return passIn((files[0] as Uint8Array<ArrayBuffer>).buffer);
    },
    close: () => {
      model.off('msg:custom', heard);
      model.off('comm_live_update', gone);
      model.off('comm:close', gone);
      gone();
    },
  };
}

function fileOf(picture: Picture): Uint8Array<ArrayBuffer> {
  if (!picture.file) throw new ApiError(words.answers.noFile, 'picture');
  return picture.file;
}
