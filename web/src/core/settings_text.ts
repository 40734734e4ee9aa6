import { words } from '../words';
import { BORDERS, CoreError, PADDINGS, type Border, type Padding, type Settings } from './sliding';
import { numberOf } from './matrix_text';

// Settings as an address and a command write them: padding=same, stride=2, dilation=1,2, bias="0 1".

/** The settings of four texts; throws for what is none. How they fit an input is seen where they are used. */
export function readSettings(texts: {
  padding: string;
  stride: string;
  dilation: string;
  border: string;
}): Settings {
  return {
    padding: paddingOf(texts.padding),
    stride: numbersOf(texts.stride, 'stride', 1),
    dilation: numbersOf(texts.dilation, 'dilation', 1),
    border: borderOf(texts.border),
  };
}

/** Numbers for the filters, apart by white space or commas; null for an empty text. */
export function readBias(text: string): number[] | null {
  const given = text.split(/[\s,]+/).filter(Boolean);
  if (!given.length) return null;
  return given.map((word) => {
    const number = numberOf(word);
    if (number === null) throw new CoreError(words.core.notANumber(word), 'bias');
    if (!Number.isFinite(number)) throw new CoreError(words.core.notFinite(word), 'bias');
    return number;
  });
}

/** A place of the output, such as 3,4; null for an empty text. */
export function readPosition(text: string): number[] | null {
  return text.trim() ? numbersOf(text, 'at', 0) : null;
}

function paddingOf(text: string): Padding {
  if ((PADDINGS as readonly string[]).includes(text)) return text as Padding;
  if (!/^[-0-9]/.test(text)) throw new CoreError(words.core.unknownPadding(text, PADDINGS), 'padding');
  const numbers = numbersOf(text, 'padding', 0);
  return numbers.length === 1 ? numbers[0]! : numbers;
}

function borderOf(text: string): Border {
  if (!(BORDERS as readonly string[]).includes(text))
    throw new CoreError(words.core.unknownBorder(text, BORDERS), 'border');
  return text as Border;
}

/** Whole numbers apart by commas or x. */
function numbersOf(text: string, what: 'padding' | 'stride' | 'dilation' | 'at', least: number): number[] {
  const given = text.split(/[x×,]/).map((word) => (/^\s*[+-]?\d+\s*$/.test(word) ? Number(word) : NaN));
  if (!given.every((number) => Number.isSafeInteger(number) && number >= least))
    throw new CoreError(words.core.wrongNumbers(what, text, least), what);
  return given;
}
