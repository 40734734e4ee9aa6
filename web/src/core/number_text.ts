// Numbers as people read them: the texts of convscope.ops.steps, to the letter.

const WHOLE = 1e7; // numbers below have all their digits before the point

/** A number as text: whole ones whole, others in `digits` significant ones: 2, -0.5, 0.3333, 1.235e+04. */
export function plain(number: number, digits = 4): string {
  if (Number.isInteger(number) && Math.abs(number) < WHOLE) return String(number + 0 || 0); // -0 is 0
  return general(number, digits);
}

/** The same for a sum: negative ones in brackets. */
export function spelled(number: number, digits = 4): string {
  const text = plain(number, digits);
  return text.startsWith('-') ? `(${text})` : text;
}

/** What Python writes for "%.4g": a tie goes to the even digit, a power of ten has at least two digits. */
export function general(number: number, digits: number): string {
  if (Number.isNaN(number)) return 'nan';
  if (!Number.isFinite(number)) return number < 0 ? '-inf' : 'inf';
  const [mantissa, power] = rounded(number, digits).split('e') as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${trimmed(mantissa)}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  return trimmed(Number(`${mantissa}e${power}`).toFixed(digits - 1 - exponent));
}

/** In the form of `toExponential`, which rounds a tie up where Python rounds it to the even digit. */
function rounded(number: number, digits: number): string {
  const shortest = /^(-?)(\d)\.?(\d*)e(.*)$/.exec(number.toExponential())!;
  const written = shortest[2]! + shortest[3]!;
  const tie =
    written.length === digits + 1 &&
    written.endsWith('5') &&
    /^0+$/.test(/\.(\d*)/.exec(number.toExponential(100))![1]!.slice(digits));
  if (!tie || Number(written[digits - 1]) % 2 === 1) return number.toExponential(digits - 1);
  return `${shortest[1]}${written[0]}.${written.slice(1, digits)}e${shortest[4]}`;
}

function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
