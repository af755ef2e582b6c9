/**
 * Breaks `text` at spaces alone: a path or a command that is wider than a line stays whole, to be copied. Lines after the
 * first are indented.
 * @param widthOf columns that a text takes
 */
export function hangingBy(widthOf: (text: string) => number, text: string, width: number, indent: number): string[] {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(' ')) {
    const joined = line === undefined ? word : `${line} ${word}`;
    if (line !== undefined && line.trim() !== '' && widthOf(joined) > width) {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    } else line = joined;
  }
  lines.push(line ?? '');
  return lines;
}
