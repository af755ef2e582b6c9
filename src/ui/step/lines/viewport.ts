/** Which row stands at the top, so that row `at` is in the middle where there are rows on both sides. */
export function firstRow(at: number, count: number, height: number, scroll = 0): number {
  return Math.max(0, Math.min(wantedRow(at, height) + scroll, count - height));
}

/** Which row would stand at the top, were there always more on both sides. */
export const wantedRow = (at: number, height: number): number => at - Math.floor(height / 2);

/** "12 above, 30 below": the rows that a viewport leaves out; nothing where it shows all. */
export function outsideText(first: number, height: number, count: number): string {
  const below = Math.max(0, count - first - height);
  return [first > 0 ? `${first} above` : '', below > 0 ? `${below} below` : '']
    .filter((part) => part !== '')
    .join(', ');
}
