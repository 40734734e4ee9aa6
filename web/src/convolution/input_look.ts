import { words } from '../words';
import type { Look } from './look';
import type { Place } from '../parts/cells';
import { tapOf, type AnyStep, type Walked } from './walked';
import { shown } from '../parts/number';

/** What can be said of one number of the input with its padding, while a step is looked at. */
type InputState = 'padding' | 'unreached' | 'taken' | 'uncounted' | 'winner';

/** How the numbers of a channel look, by row and column of the input with its padding. */
export function inputLook(
  walked: Walked,
  channel: number,
  step: AnyStep,
  place: Place,
  seen: boolean, // whether the step looks at the channel
): (row: number, column: number) => Look {
  const { down, across, paddedColumns } = walked;
  const numbers = walked.plane(channel);
  const missed = [new Set(walked.missed[0]), new Set(walked.missed[1])] as const;
  const winner = step.kind === 'pool' && step.winner ? String(step.winner.slice(-walked.rank)) : null;

  function statesOf(row: number, column: number): InputState[] {
    const outside = row < 0 || column < 0 || row >= down.size || column >= across.size;
    const states: InputState[] = outside ? ['padding'] : [];
    if (missed[0].has(row) || missed[1].has(column)) states.push('unreached');
    const [first, second] = [tapOf(down, place[0], row), tapOf(across, place[1], column)];
    if (!seen || first < 0 || second < 0) return states;
    states.push('taken');
    if (step.kind === 'pool' && !step.counted[first * across.kernel + second]) states.push('uncounted');
    if (winner === String(walked.spoken([row, column]))) states.push('winner');
    return states;
  }
  return (paddedRow, paddedColumn) => {
    const [row, column] = [paddedRow - down.before, paddedColumn - across.before];
    const text = shown(numbers[paddedRow * paddedColumns + paddedColumn]!);
    const states = statesOf(row, column);
    const said = states.map((state) => words.convolution.states[state]).join(', ');
    const label = words.convolution.inputCell(
      words.convolution.place(walked.spoken([row, column])),
      text,
      said,
    );
    return { text, label, kind: states.join(' ') };
  };
}
