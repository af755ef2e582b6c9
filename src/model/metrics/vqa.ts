import { readFileSync } from 'node:fs';

/** The tables of VQA's evaluation (scripts/reference/vqa_strings.py). */
interface Tables {
  readonly contractions: Readonly<Record<string, string>>;
  readonly numbers: Readonly<Record<string, string>>;
  readonly articles: readonly string[];
  readonly punctuation: readonly string[];
}

const FILE = new URL('../../../assets/vqa-strings.json', import.meta.url);
const { contractions, numbers, articles, punctuation } = JSON.parse(readFileSync(FILE, 'utf8')) as Tables;
const CONTRACTIONS = new Map(Object.entries(contractions));
const NUMBERS = new Map(Object.entries(numbers));
const ARTICLES = new Set(articles);

/** How many full stops VQA's rule takes out of a text: a flag stands where its count would. */
const MOST_STOPS = 32;
/** How many people must give an answer for it to be all right. */
const AGREED = 3;

/**
 * An answer by VQA's own rules (Antol et al. 2015, as its evaluation has them): punctuation goes, small numbers become digits, articles are
 * left out, contractions get their apostrophe.
 */
export function vqaNormal(answer: string): string {
  const words = withoutPunctuation(answer.replaceAll(/[\n\t]/g, ' ').trim())
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => NUMBERS.get(word) ?? word)
    .filter((word) => !ARTICLES.has(word));
  return words.map((word) => CONTRACTIONS.get(word) ?? word).join(' ');
}

/** A mark beside a space, or in a text with a number like 1,000, is dropped; any other becomes a space. */
function withoutPunctuation(text: string): string {
  const hasThousands = /\d,\d/.test(text);
  let out = text;
  for (const mark of punctuation) {
    const isBesideSpace = text.includes(`${mark} `) || text.includes(` ${mark}`);
    out = out.replaceAll(mark, isBesideSpace || hasThousands ? '' : ' ');
  }
  let stops = 0;
  return out.replaceAll(/\.(?!\d)/g, (stop) => (stops++ < MOST_STOPS ? '' : stop));
}

/**
 * How right an answer is: the mean, over all people but one, of min(people who gave it / 3, 1). Of fewer than four people, whether one of them
 * gave it.
 */
export function vqaAccuracy(answer: string, people: readonly string[]): number {
  const given = vqaNormal(answer);
  const same = people.filter((one) => vqaNormal(one) === given).length;
  if (people.length <= AGREED) return same > 0 ? 1 : 0;
  const without = (mine: boolean): number => Math.min(1, (same - (mine ? 1 : 0)) / AGREED);
  return (same * without(true) + (people.length - same) * without(false)) / people.length;
}

/** The kind of an answer, as VQA tells them: yes/no, number, other. */
export function answerTypeOf(answer: string): string {
  const normal = vqaNormal(answer);
  if (normal === 'yes' || normal === 'no') return 'yes/no';
  return /^\d+(\.\d+)?$/.test(normal) ? 'number' : 'other';
}
