import { CoreError } from '../core/sliding';
import type { Tensor } from '../core/tensor';

/** Numbers as a person types them, or as a CSV file has them: rows apart by ";" or lines, channels apart by "/". */
export function numbersOf(text: string): Tensor {
  const channels = text.split('/').map((channel) =>
    channel
      .split(/[;\n]/)
      .filter((row) => row.trim())
      .map((row) =>
        row
          .trim()
          .split(/[\s,]+/)
          .map(Number),
      ),
  );
  const rows = channels[0]?.length ?? 0;
  const columns = channels[0]?.[0]?.length ?? 0;
  const data = Float64Array.from(channels.flat(2));
  if (
    !data.length ||
    data.some((value) => !Number.isFinite(value)) ||
    data.length !== channels.length * rows * columns
  )
    throw new CoreError(`“${text}” is no matrix; type rows apart by “;”, such as 1 2; 3 4.`, 'picture');
  return { shape: rows === 1 ? [channels.length, columns] : [channels.length, rows, columns], data };
}

/** The numbers as text, which gives the same numbers again. */
export function numbersText({ shape, data }: Tensor): string {
  const [channels = 1, rows = 1, columns = 1] = shape.length === 2 ? [shape[0], 1, shape[1]] : shape;
  const row = (start: number) => Array.from(data.subarray(start, start + columns)).join(' ');
  return Array.from({ length: channels }, (_, channel) =>
    Array.from({ length: rows }, (_, k) => row((channel * rows + k) * columns)).join('; '),
  ).join(' / ');
}
