/** Edits (insert, delete, replace, swap neighbours) between two words: Damerau-Levenshtein, optimal string alignment. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replace, rows[i - 1]![j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

const LONGEST_GUESS = 64;

/** The candidate that `word` was probably meant to be, if one is near: an abbreviation, or up to a third mistyped. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > LONGEST_GUESS) return undefined;
  const wanted = word.toLowerCase();
  let best: { candidate: string; cost: number } | undefined;
  for (const candidate of candidates) {
    const name = candidate.toLowerCase();
    const cost = distance(wanted, name);
    const near = cost <= Math.max(1, Math.floor(Math.max(wanted.length, name.length) / 3));
    const begins = wanted.replace(/^-+/, '').length >= 2 && name.startsWith(wanted);
    if ((near || begins) && (best === undefined || cost < best.cost)) best = { candidate, cost };
  }
  return best?.candidate;
}

/** "did you mean X?", or nothing when no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const guess = closest(word, candidates);
  return guess === undefined ? undefined : `did you mean ${guess}?`;
}
