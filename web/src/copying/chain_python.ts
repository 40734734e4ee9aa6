import { poolCall, poolOf } from './pool_python';
import { pythonList, pythonNumber, type Nested } from './python_text';
import { rowsOf } from './typed';

/** The stages of a chain (`--then`) as lines of Python that change `output`, (channels, ...) where `channels`. */
export function chainPython(then: string, rank: 1 | 2, channels: boolean): string[] {
  let flat = false;
  return then
    .split('|')
    .map((stage) => stage.trim())
    .filter(Boolean)
    .map((stage) => {
      const [name, ...settings] = stage.split(':');
      if (name === 'relu') return 'output = ops.relu(output)';
      if (name === 'softmax') return 'output = ops.softmax(output)';
      if (name === 'linear') return linear(settings);
      if (name === 'batch-norm') return batchNorm(settings, channels || flat);
      if (name === 'flatten') {
        flat = true;
        return 'output = output.reshape(-1)';
      }
      const pool = poolOf(stage);
      return pool ? poolCall(pool, rank) : `# ${stage}`;
    });
}

function linear(settings: readonly string[]): string {
  const rows = rowsOf(settings[0] ?? '');
  const bias = rowsOf(settings[1] ?? '').flat();
  const product = `output = np.array(${pythonList(rows as Nested)}) @ output`;
  return bias.length ? `${product} + ${pythonList(bias)}` : product;
}

function batchNorm(settings: readonly string[], channels: boolean): string {
  const [given, taken] = channels ? ['output[None]', '[0]'] : ['output[None, None]', '[0, 0]'];
  const said = ['weight', 'bias', 'mean', 'variance'].map((name, number) => {
    const numbers = rowsOf(settings[number] ?? '').flat();
    if (numbers.length === 1 && channels) return `${name}=np.full(len(output), ${pythonNumber(numbers[0]!)})`;
    return `${name}=${pythonList(numbers)}`;
  });
  return `output = ops.batch_norm(${[given, ...(settings.length ? said : [])].join(', ')})${taken}`;
}
