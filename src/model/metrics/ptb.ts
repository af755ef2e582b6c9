import { SIGN_CHARACTERS, WORD_CHARACTERS } from './ptb-characters.js';

/**
 * Penn Treebank tokens as COCO's caption evaluation has them: those of Stanford's PTBTokenizer 3.4.1 in lower case,
 * without punctuation. Written after asking that program: the same on ordinary English, on every character of the basic plane and on
 * addresses, numbers and quotes as captions have them; not on telephone numbers of several parts, and not on everything that is
 * written together without spaces.
 */

/** Tokens that the evaluation leaves out. Brackets stay: it knows them only in upper case, and they come in lower case. */
const PUNCTUATION = new Set([
  "''",
  "'",
  '\u2019',
  '``',
  '`',
  '.',
  '?',
  '!',
  ',',
  ':',
  '-',
  '\u2010',
  '\u2011',
  '--',
  '...',
  ';',
]);

/** Words whose full stop belongs to them, wherever they stand. */
const ABBREVIATIONS =
  'adj adm adv al ala alex apr ariz assn assoc asst aug ave bhd bldg blvd brig bros calif capt cf cie cmdr co col colo ' +
  'comdr conn corp cos cpl ct dak dec dept det dr drs elec ens esq est etc ext feb fla fri ft ga gen gov hon inc ind ' +
  'insp intl invt jan jos jr jul jun kan ky lieut lt ltd maj mar md messrs mfg mich minn mme mo mon mont mr mrs ms mt ' +
  'mtg natl neb nev nov oct pfc ph plc pres prof pte pty pvt rd rep rev rt sen sens sep sept seq sfc sgt spc sq sr st ' +
  'ste supt sys tel tenn thu thurs tue tues univ va vs vt wed wis wm wyo';
/** The same before a number. */
const ABBREVIATIONS_OF_NUMBERS = 'ca no op pp art fig nos figs prop';

/** Two words written as one, split behind the letters given. */
const FUSED: ReadonlyMap<string, number> = new Map(
  Object.entries({
    cannot: 3,
    gonna: 3,
    gotta: 3,
    wanna: 3,
    lemme: 3,
    gimme: 3,
    "'tis": 2,
    "'twas": 2,
    "y'all": 2,
    'y\u2019all': 2,
  }),
);

/** Stand for what the text had before it was put into lower case; such characters of the text itself are dropped first. */
const AND = '\ue000';
const DOLLARS = '\ue001';
const LESS = '\ue002';
const GREATER = '\ue003';
const HALF = '\ue004';
const QUARTER = '\ue005';
const QUARTERS = '\ue006';
const THIRD = '\ue007';
const THIRDS = '\ue008';

const SYMBOLS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '(': '-lrb-',
    ')': '-rrb-',
    '[': '-lsb-',
    ']': '-rsb-',
    '{': '-lcb-',
    '}': '-rcb-',
    '"': "''",
    '£': '#',
    '€': '$',
    '¤': '$',
    '\u20a0': '$',
    '¢': 'cents',
    [LESS]: '<',
    [GREATER]: '>',
    [HALF]: '1/2',
    [QUARTER]: '1/4',
    [QUARTERS]: '3/4',
    [THIRD]: '1/3',
    [THIRDS]: '2/3',
  }),
);

const alternatives = (words: string) => words.split(' ').join('|');

/** A soft hyphen is a letter until tokens are written. Both are the insides of classes. */
const LETTERS = '\\p{L}\u00ad';
const WORDLY = `${WORD_CHARACTERS}\u00ad`;

/** Letters with their marks, or digits. */
const PART = `[${WORDLY}]+`;
/** Words joined by single hyphens, slashes or underscores: "t-shirt", "his/her". */
const WORD = `${PART}(?:[-\u2010\u2011/_]${PART})*`;
/** Where no word ends, begins, or goes on with a letter. */
const NO_WORD_BEFORE = `(?<![${WORDLY}])`;
const NO_WORD_AFTER = `(?![${WORDLY}])`;
const NO_LETTER_AFTER = '(?!\u00ad*\\p{L})';
const APOSTROPHE = "['\u2019]";

/** What a token can be, in lower case; where several fit, the first. What looks ahead is bounded, so that no text takes long. */
const TOKENS: readonly string[] = [
  '<!--[^>\\n]{0,2000}-->',
  `</?[${LETTERS}][^<>\\n]*>`,
  'https?://[^\\s"<>|()]+[^\\s"<>|.!?(){},-]',
  '[a-z0-9][^\\s"<>|(){}]{0,63}@(?:[^\\s"<>|(){}.]+\\.)*[^\\s"<>|(){}.,;:!?]+',
  `(?:www\\.(?:[^\\s"<>|.!?(){},/]+\\.)+[a-z]{2,4}|(?:[${LETTERS}\\p{N}-]+\\.)+(?:com|net|org|edu))${NO_WORD_AFTER}(?:/[^\\s"<>|()]+[^\\s"<>|.!?(){},-])?`,
  `#[${LETTERS}]+`,
  `@[${LETTERS}_][${LETTERS}\\p{N}_]*`,
  '&#\\d+;',
  '-[lr][rcs]b-',
  // Emoticons.
  '\\^_\\^',
  `[<>]?[:;=][-o*']?[()dp\\\\{@|\\[\\]]${NO_LETTER_AFTER}`,
  `${NO_WORD_BEFORE}[a-z]*${DOLLARS}`,
  `[a-z]+(?:${AND}[a-z]+)+`,
  // Initials and acronyms keep their full stops: "a.", "u.s.", "non-u.s.", "u.s.-based".
  `(?:[${LETTERS}]{2,}-)?${NO_WORD_BEFORE}[${LETTERS}](?:\\.[${LETTERS}])*\\.${NO_LETTER_AFTER}(?:-${PART})*`,
  `ph\\.d\\.?${NO_LETTER_AFTER}`,
  `(?:${alternatives(ABBREVIATIONS)})\\.${NO_LETTER_AFTER}`,
  `(?:${alternatives(ABBREVIATIONS_OF_NUMBERS)})\\.(?= *\\p{Nd})`,
  `(?:${[...FUSED.keys()].join('|')})(?:${NO_WORD_AFTER}|(?<=${APOSTROPHE}all)${NO_LETTER_AFTER})`,
  // What stands before "n't", then the rest of a contraction.
  `[${LETTERS}]+(?=n${APOSTROPHE}t${NO_LETTER_AFTER})`,
  `n${APOSTROPHE}t${NO_LETTER_AFTER}`,
  `${APOSTROPHE}(?:s|m|d|re|ve|ll)${NO_LETTER_AFTER}`,
  // Apostrophes inside of words.
  `(?:(?:[cdlno]|qu)${APOSTROPHE}|(?:ma${APOSTROPHE}(?=am)|[no]?e${APOSTROPHE}(?=er)|s${APOSTROPHE}(?=mores)|hawai${APOSTROPHE}(?=i)))${PART}`,
  `j${APOSTROPHE}(?=[${LETTERS}])`,
  `ol${APOSTROPHE}${NO_LETTER_AFTER}`,
  `${APOSTROPHE}(?:em|til|cause|\\d\\ds?)(?![${WORDLY}"])`,
  `${APOSTROPHE}n${APOSTROPHE}|${APOSTROPHE}n${NO_LETTER_AFTER}|rock(?=${APOSTROPHE}n${APOSTROPHE}roll)`,
  // Letters with full stops between: "end.the", "node.js".
  `[${LETTERS}][${WORDLY}]*(?:\\.[${LETTERS}][${WORDLY}]*)+`,
  `[${LETTERS}]+(?:[!?][${LETTERS}]+)+`,
  // Fractions with what is before them; numbers, with what is joined to them, but not to a time of day.
  `${NO_WORD_BEFORE}\\d{1,4}[- ]\\d{1,4}/\\d{1,4}(?![${WORDLY}/])`,
  `${NO_WORD_BEFORE}[-+]?\\d+(?::\\d+)+`,
  `${NO_WORD_BEFORE}[-+]?\\d+(?:[.,]\\d+)+(?:-${PART})*|(?:[.,:]\\d+)+`,
  `${NO_WORD_BEFORE}[-+]\\d+${NO_LETTER_AFTER}`,
  'c(?:\\+\\+|#)|f#',
  WORD,
  '\\.{3,}|(?:\\. ){2}\\.',
  '(?<!-)-{2,4}(?!-)|-{5,}|[\u2012-\u2015]+',
  "[!?]+|_+|\\*+|#+|``|''",
  '\\S',
];

const PATTERN = new RegExp(TOKENS.join('|'), 'gu');

/** Characters that are no part of any token. */
const DROPPED = new RegExp(
  `[^ -~${WORDLY}${SIGN_CHARACTERS}\u00a0\u00ab\u00bb\u00bc-\u00be\u2010-\u2015\u2018-\u201d\u2026\u2039\u203a\u2153\u2154£€¤\u20a0¢]`,
  'gu',
);

/** Windows-1252's bytes that came as if they were Latin-1. */
const WINDOWS: ReadonlyMap<string, string> = new Map(
  Object.entries({ '\u0080': '€', '\u0091': '`', '\u0092': '\u2019', '\u0093': '"', '\u0094': '"' }),
);

/** What the program does to characters before it looks at words. A line feed separates what a space could join. */
function plain(text: string): string {
  return text
    .replace(/[\u0080\u0091-\u0094]/g, (character) => WINDOWS.get(character)!)
    .replace(DROPPED, '\n')
    .replace(/&nbsp;|\u00a0/gi, ' ')
    .replace(/&amp;/gi, '&')
    .replace(/(?<=[A-Z])&(?=[A-Z])/g, AND)
    .replace(/(?<=(?<![\p{L}\p{N}])[A-Z]+)\$/gu, DOLLARS)
    .replace(/&lt;/gi, LESS)
    .replace(/&gt;/gi, GREATER)
    .replace(/&quot;|[\u201c\u201d\u00ab\u00bb\u2039\u203a]/gi, '"')
    .replace(/&apos;/gi, "'")
    .replace(/[\u2018\u201b]/g, '`')
    .replace(/\u2026/g, '...')
    .replace(/\u00bd/g, HALF)
    .replace(/\u00bc/g, QUARTER)
    .replace(/\u00be/g, QUARTERS)
    .replace(/\u2153/g, THIRD)
    .replace(/\u2154/g, THIRDS);
}

/** The tokens of a caption, in lower case, without punctuation. A no-break space stands for a space within a token, as in "1 1/2". */
export function ptbTokens(caption: string): string[] {
  const tokens: string[] = [];
  for (const [token] of plain(caption).toLowerCase().matchAll(PATTERN)) {
    const split = FUSED.get(token);
    if (split !== undefined) tokens.push(token.slice(0, split), token.slice(split));
    else tokens.push(written(token.replaceAll('\u00ad', '')));
  }
  return tokens.filter((token) => token !== '' && !PUNCTUATION.has(token));
}

/** A token as the program writes it. */
function written(token: string): string {
  if (/^(?:-{2,4}|[\u2012-\u2015]+)$/.test(token)) return '--';
  if (/^\.[. ]+\.$/.test(token)) return '...';
  if (/^(?:n|)\u2019(?:t|s|m|d|re|ve|ll)$/.test(token)) return token.replace('\u2019', "'");
  if (/^[<>]?[:;=].?[()]$/.test(token)) return token.replace(/[()]/, (bracket) => SYMBOLS.get(bracket)!);
  return SYMBOLS.get(token) ?? token.replaceAll(AND, '&').replace(DOLLARS, '$').replaceAll(' ', '\u00a0');
}
