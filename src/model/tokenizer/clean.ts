import { CocaError } from '../base/errors.js';
import { fromC1, unescapeHtml, unescapeUnambiguous } from './html.js';

/** The longest text that is tokenized, in UTF-16 units: far beyond any context, and cleaned within a second or two. */
export const MAX_TEXT = 2 ** 20;

const LIGATURES: Readonly<Record<string, string>> = {
  Ĳ: 'IJ',
  ĳ: 'ij',
  ŉ: 'ʼn',
  Ǳ: 'DZ',
  ǲ: 'Dz',
  ǳ: 'dz',
  Ǆ: 'DŽ',
  ǅ: 'Dž',
  ǆ: 'dž',
  Ǉ: 'LJ',
  ǈ: 'Lj',
  ǉ: 'lj',
  Ǌ: 'NJ',
  ǋ: 'Nj',
  ǌ: 'nj',
  ﬀ: 'ff',
  ﬁ: 'fi',
  ﬂ: 'fl',
  ﬃ: 'ffi',
  ﬄ: 'ffl',
  ﬅ: 'ſt',
  ﬆ: 'st',
};
const LIGATURE = new RegExp(`[${Object.keys(LIGATURES).join('')}]`, 'g');

/** Marks on one letter. Putting n of them in canonical order takes n x n steps, three minutes for a megabyte. */
const MAX_MARKS = 128;
const TOO_MANY_MARKS = new RegExp(`\\p{M}{${MAX_MARKS + 1}}`, 'u');

function compose(line: string): string {
  if (TOO_MANY_MARKS.test(line)) {
    throw new CocaError('bad-text', `more than ${MAX_MARKS} combining marks on one letter`, 'leave some out');
  }
  return line.normalize('NFC');
}

/** One round of ftfy's repairs, in its order. */
function repairOnce(line: string, unescaping: boolean): string {
  const repaired = (unescaping ? unescapeUnambiguous(line) : line)
    .replace(/[\x80-\x9f]/g, (c) => fromC1(c.charCodeAt(0)))
    .replace(LIGATURE, (c) => LIGATURES[c]!)
    .replace(/\u3000/g, ' ')
    .replace(/[\uff01-\uffef]/g, (c) => c.normalize('NFKC')) // full-width Latin, half-width katakana and hangul
    .replace(/[\u201c-\u201f]/g, '"')
    .replace(/[\u02bc\u2018-\u201b]/g, "'")
    .replace(/\r\n|[\r\u2028\u2029]/g, '\n')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/\x1b\[(?:\p{Nd}|;)*[a-zA-Z]/gu, '') // terminal colours
    .replace(/[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g, '');
  return compose(repaired);
}

/** More than any honest text needs: each round undoes one layer, as in "&amp;amp;amp;". */
const MAX_ROUNDS = 32;

/** ftfy's repairs, line by line, until nothing changes. From the first line with a "<" on, HTML is taken for real markup. */
function repair(text: string): string {
  if (!/[^\n\x20-\x7e]|&/.test(text)) return text;
  let unescaping = true;
  const repairLine = (line: string): string => {
    unescaping &&= !line.includes('<');
    let repaired = line;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = repaired;
      repaired = repairOnce(before, unescaping);
      if (repaired === before) break;
    }
    return repaired;
  };
  return text
    .split(/(?<=\n)/)
    .map(repairLine)
    .join('');
}

const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** What OpenCLIP's tokenizers do to a text first, by its names (`get_clean_fn`). */
export type Cleaning = 'whitespace' | 'lower' | 'canonicalize';

/** Python's `string.punctuation`, but for the underscore, which becomes a blank. */
const PUNCTUATION = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]/g;

/**
 * A text as OpenCLIP's tokenizers clean it. `canonicalize` also leaves out punctuation: SigLIP's.
 * @throws CocaError as `clean`
 */
export function cleaned(text: string, cleaning: Cleaning): string {
  const plain = clean(text);
  if (cleaning === 'whitespace') return plain;
  if (cleaning === 'lower') return plain.toLowerCase();
  return oneBlankApart(plain.replaceAll('_', ' ').replace(PUNCTUATION, '').toLowerCase());
}

/**
 * What OpenCLIP does to a text before any tokenizer sees it (`basic_clean`, `whitespace_clean`): ftfy's repairs, HTML
 * unescaped twice, runs of white space to one space, trimmed.
 *
 * Of ftfy it does all but the repair of mojibake: text that was decoded with the wrong encoding ("cafÃ©") is tokenized
 * as it stands, where OpenCLIP would guess what was meant ("café"). Entities nested deeper than 32 times stay nested.
 *
 * @throws CocaError `bad-text`: longer than `MAX_TEXT`, or a letter with more than 128 combining marks.
 */
export function clean(text: string): string {
  if (text.length > MAX_TEXT) {
    throw new CocaError(
      'bad-text',
      `a text of ${text.length} characters is too long to be tokenized (at most ${MAX_TEXT})`,
      'shorten it',
    );
  }
  return oneBlankApart(unescapeHtml(unescapeHtml(repair(text))));
}

function oneBlankApart(text: string): string {
  return text
    .split(SPACES)
    .filter((word) => word !== '')
    .join(' ');
}
