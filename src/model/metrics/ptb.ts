/**
 * Penn Treebank tokens as COCO's caption evaluation has them: those of Stanford's PTBTokenizer 3.4.1 in lower case,
 * without punctuation. Written after asking that program: the same on all ordinary English, not on emoticons, telephone
 * numbers in brackets, and names of files and versions.
 */

/** Tokens that the evaluation leaves out. Brackets stay: it knows them only in upper case, and they come in lower case. */
const PUNCTUATION = new Set(["''", "'", '``', '`', '.', '?', '!', ',', ':', '-', '--', '...', ';']);

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
  }),
);

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
    '¢': 'cents',
  }),
);

const alternatives = (words: string) => words.split(' ').join('|');

/** Letters with their marks, or digits. */
const PART = '[\\p{L}\\p{M}\\p{N}]+';
/** Words joined by single hyphens, slashes, underscores, or full stops between letters: "t-shirt", "his/her", "end.the". */
const WORD = `${PART}(?:(?:[-/_]|(?<=\\p{L})\\.(?=\\p{L}))${PART})*`;

/** Stands for an "&" between capitals, as in "B&B", which joins them: elsewhere it is a token. */
const AND = '\ue000';

/** What a token can be, in lower case; where several fit, the first. */
const TOKENS: readonly string[] = [
  '</?\\p{L}[^<>]*>',
  'https?://[^\\s"<>()]*[^\\s"<>().,;:!?]',
  'www\\.[^\\s"<>()]*[^\\s"<>().,;:!?]',
  '[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+',
  '[#@]\\p{L}[\\p{L}\\p{N}_]*',
  // Initials and acronyms keep their full stops: "a.", "u.s.", "non-u.s.", "u.s.-based".
  `(?:\\p{L}{2,}-)?(?<![\\p{L}\\p{N}])\\p{L}(?:\\.\\p{L})*\\.(?![\\p{L}\\p{N}])(?:-${PART})*`,
  'ph\\.d\\.?(?!\\p{L})',
  `(?:${alternatives(ABBREVIATIONS)})\\.(?![\\p{L}\\p{N}])`,
  `(?:${alternatives(ABBREVIATIONS_OF_NUMBERS)})\\.(?=\\s*\\d)`,
  `(?:${[...FUSED.keys()].join('|')})(?![\\p{L}\\p{N}])`,
  // What stands before "n't", then the rest of a contraction.
  "\\p{L}+(?=n't(?!\\p{L}))",
  "n't(?!\\p{L})",
  "'(?:s|m|d|re|ve|ll)(?!\\p{L})",
  // Apostrophes inside of words.
  "(?:[dol]'|(?:ma'(?=am)|ne'(?=er)|hawai'(?=i)))\\p{L}+",
  "'(?:em|til|cause|\\d\\ds?)(?![\\p{L}\\p{N}])",
  "'n'|rock(?='n'roll)",
  // Numbers; a unit that is written on to a decimal is a word of its own.
  `(?<![\\p{L}\\p{N}])[-+]?\\d+(?:[.,:]\\d+)+(?:-${PART})*|(?:\\.\\d+)+`,
  `(?<![\\p{L}\\p{N}])[-+]\\d+(?!\\p{L})`,
  `\\p{L}+${AND}\\p{L}+`,
  'c(?:\\+\\+|#)',
  WORD,
  'us\\$|c\\$',
  '\\.{3,}|(?:\\. ){2}\\.',
  '[-\u2013\u2014]{2,}|[\u2013\u2014]',
  "[!?]+|_+|\\*+|#+|``|''",
  '\\S',
];

const PATTERN = new RegExp(TOKENS.join('|'), 'gu');

/** What the program does to characters before it looks at words. */
function plain(text: string): string {
  return (
    text
      .replace(/&amp;/gi, '&')
      .replace(/(?<=\p{Lu})&(?=\p{Lu})/gu, AND)
      .replace(/&lt;/gi, '<')
      .replace(/&gt;/gi, '>')
      .replace(/&quot;|[\u201c\u201d\u00ab\u00bb]/gi, '"')
      .replace(/&apos;|[\u2018\u2019]/gi, "'")
      .replace(/&nbsp;|\u00a0/gi, ' ')
      .replace(/\u2026/g, '...')
      .replace(/[\u2010\u2011]/g, '-')
      .replace(/\u00bd/g, '1/2')
      .replace(/\u00bc/g, '1/4')
      .replace(/\u00be/g, '3/4')
      // Characters beyond the basic plane, most emoji among them, are dropped.
      .replace(/[\u{10000}-\u{10ffff}]|\ufe0f/gu, ' ')
  );
}

/** The tokens of a caption, in lower case, without punctuation. */
export function ptbTokens(caption: string): string[] {
  const tokens: string[] = [];
  for (const [token] of plain(caption).toLowerCase().matchAll(PATTERN)) {
    const split = FUSED.get(token);
    if (split !== undefined) tokens.push(token.slice(0, split), token.slice(split));
    else if (/^(?:-{2,}|[-\u2013\u2014]*[\u2013\u2014][-\u2013\u2014]*)$/.test(token)) tokens.push('--');
    else if (/^\.[. ]+\.$/.test(token)) tokens.push('...');
    else tokens.push(SYMBOLS.get(token) ?? token.replace(AND, '&'));
  }
  return tokens.filter((token) => !PUNCTUATION.has(token));
}
