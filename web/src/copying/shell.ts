/** One word of a command line as POSIX shells read it; in double quotes where other shells read these alike.
 *  `1 2; 3` becomes `"1 2; 3"`, `it's` becomes `"it's"`, and `$5` becomes `'$5'`. */
export function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (word && !/["$`\\!%\n]/.test(word)) return `"${word}"`;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line: options before what begins with a minus, which stands behind `--`. */
export function commandLine(
  command: readonly string[],
  positional: readonly string[],
  options: readonly string[],
): string {
  const behind = positional.some((word) => word.startsWith('-'));
  const words = behind
    ? [...command, ...options, '--', ...positional]
    : [...command, ...positional, ...options];
  return words.map(quoted).join(' ');
}
