import { judge, parseCaption, readingsOf } from '../scenes/world/grammar.js';

/** What a false caption has wrong, where the grammar of our own scenes tells; `other` for captions of any other kind. */
export const SWAP_KINDS = ['things', 'counts', 'relation', 'size', 'background', 'other'] as const;
export type SwapKind = (typeof SWAP_KINDS)[number];

/** A word of a caption of which it is known whether it is true. */
export interface JudgedWord {
  /** Index among the words of the caption. */
  readonly word: number;
  readonly isTrue: boolean;
  readonly kind: SwapKind;
}

/** A caption, and the words of it that something is known of. */
export interface JudgedCaption {
  readonly caption: string;
  readonly words: readonly JudgedWord[];
}

const DIRECTIONS: readonly string[] = ['left', 'right', 'above', 'below'];
const ARTICLES: readonly string[] = ['a', 'an'];

/**
 * Which words of false captions are false, and which words of true ones stand in their place. A false caption is compared with the
 * true one that is most like it: the first word in which it departs is the false one (of a name of several words, what follows is
 * only to be expected after it). Where two things change places, or their relation does, it is the word of the direction.
 * A caption that departs from all true ones only by being shorter tells nothing.
 */
export function judgedCaptions(trueCaptions: readonly string[], falseCaptions: readonly string[]): JudgedCaption[] {
  const judged = new Map<string, Map<number, JudgedWord>>();
  const add = (words: readonly string[], word: number, isTrue: boolean, kind: SwapKind): void => {
    const caption = words.join(' ');
    const known = judged.get(caption) ?? new Map<number, JudgedWord>();
    known.set(word, { word, isTrue, kind });
    judged.set(caption, known);
  };
  const truths = trueCaptions.map(wordsIn);
  if (truths.length === 0) return [];
  for (const caption of falseCaptions) {
    const words = wordsIn(caption);
    const nearest = truths.reduce((best, other) => (apart(words, other) < apart(words, best) ? other : best));
    const kind = kindOf(caption, trueCaptions);
    const [mine, theirs] = kind === 'relation' ? directions(words, nearest) : departures(words, nearest, kind);
    if (mine === undefined || theirs === undefined) continue;
    add(words, mine, false, kind);
    add(nearest, theirs, true, kind);
  }
  return [...judged].map(([caption, words]) => ({ caption, words: [...words.values()] }));
}

const wordsIn = (caption: string): readonly string[] => caption.split(/\s+/).filter((word) => word !== '');

function kindOf(caption: string, trueCaptions: readonly string[]): SwapKind {
  const claim = parseCaption(caption);
  const [reading] = readingsOf(trueCaptions);
  if (!claim || !reading) return 'other';
  const { things, counts, background, size } = judge(claim, reading);
  if (!things) return 'things';
  if (!counts) return 'counts';
  if (!background) return 'background';
  return size ? 'relation' : 'size';
}

/** How many words at the beginning are the same, and how many at the end. */
function alike(a: readonly string[], b: readonly string[]): readonly [start: number, end: number] {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return [start, end];
}

function apart(a: readonly string[], b: readonly string[]): number {
  const [start, end] = alike(a, b);
  return Math.max(a.length, b.length) - start - end;
}

type Places = readonly [mine: number | undefined, theirs: number | undefined];

function directions(a: readonly string[], b: readonly string[]): Places {
  const [mine, theirs] = [a, b].map((words) => words.findIndex((word) => DIRECTIONS.includes(word)));
  return [mine === -1 ? undefined : mine, theirs === -1 ? undefined : theirs];
}

/** The first words that differ. "a" before one thing and "an" before another say nothing of it, and all of a number. */
function departures(a: readonly string[], b: readonly string[], kind: SwapKind): Places {
  const [start, end] = alike(a, b);
  const first = (words: readonly string[]): number | undefined => {
    const past = words.length - end;
    const skips = kind !== 'counts' && ARTICLES.includes(words[start] ?? '') && start + 1 < past;
    const at = skips ? start + 1 : start;
    return at < past ? at : undefined;
  };
  return [first(a), first(b)];
}
