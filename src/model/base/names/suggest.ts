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

/** With fewer letters, a part is in too many names. */
const SHORTEST_PART = 3;
const MOST_GUESSES = 3;

/**
 * Names of which `word` is a part, written otherwise or mistyped: `B32x` is one of `ViT-B-32`. What is neither a letter nor a digit, and
 * case, say nothing.
 * @returns the nearest first, at most three; of equals those that come first
 */
export function nearNames(word: string, names: Iterable<string>): string[] {
  const wanted = plain(word);
  if (wanted.length < SHORTEST_PART || wanted.length > LONGEST_GUESS) return [];
  const limit = Math.max(1, Math.floor(wanted.length / 4));
  const near = [...new Set(names)].flatMap((name) => {
    const whole = distance(wanted, plain(name));
    const cost = Math.min(whole, distanceToPart(wanted, plain(name)));
    return cost <= limit ? [{ name, cost, whole }] : [];
  });
  return near
    .sort((a, b) => a.cost - b.cost || a.whole - b.whole)
    .slice(0, MOST_GUESSES)
    .map(({ name }) => name);
}

/** "did you mean X, Y or Z?", or nothing when no name is near. */
export function didYouMeanName(word: string, names: Iterable<string>): string | undefined {
  const near = nearNames(word, names);
  if (near.length === 0) return undefined;
  return `did you mean ${[near.slice(0, -1).join(', '), near.at(-1)].filter(Boolean).join(' or ')}?`;
}

const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** The fewest edits that make `word` a part of `name`: its distance from the nearest of all parts (Sellers 1980). */
function distanceToPart(word: string, name: string): number {
  let row = new Array<number>(name.length + 1).fill(0);
  for (let i = 1; i <= word.length; i++) {
    const next = [i];
    for (let j = 1; j <= name.length; j++) {
      const replaced = row[j - 1]! + (word[i - 1] === name[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return Math.min(...row);
}
