import { CocaError } from '../../../model/base/errors.js';

/** A word of a line, as a shell reads it. */
export interface Word {
  /** Without its quotes and escapes. */
  readonly text: string;
  /** Where it lies in the line, quotes included. */
  readonly start: number;
  readonly end: number;
  /** Whether any of it was quoted or escaped: then it means itself, and nothing is read into it. */
  readonly isQuoted: boolean;
  /** A `|` that stands for itself: it parts captions. */
  readonly isBar: boolean;
}

/** A line as far as it has been typed. */
export interface SplitLine {
  readonly words: readonly Word[];
  /** The quote that is open at its end, if one is. */
  readonly open: '"' | "'" | undefined;
  /** Whether the last word still goes on, or white space has ended it. */
  readonly isEnded: boolean;
}

const SPACE = /\s/;
/** What a backslash takes the meaning of within double quotes; before others it stays. */
const ESCAPED_IN_QUOTES = '"\\$`';
/** What an apostrophe follows. */
const LETTER = /[\p{L}\p{N}']$/u;
/** A command as a shell takes it, pasted. */
const SHELL_LINE = /^\s*coca\s/;

/**
 * Splits a line into words as a POSIX shell does: white space parts them, single quotes keep everything, double quotes
 * all but a backslash, and a backslash keeps the next character. Nothing is expanded. Captions have apostrophes: a single
 * quote after a letter, within a word that nothing was quoted of, is one, unless the line begins with `coca`.
 * @param isWindows there a backslash is part of a path, and escapes nothing outside of quotes
 */
export function splitPartial(line: string, isWindows = process.platform === 'win32'): SplitLine {
  const words: Word[] = [];
  let word: { text: string; start: number; isQuoted: boolean } | undefined;
  let open: SplitLine['open'];
  const isShell = SHELL_LINE.test(line);
  const isApostrophe = (char: string): boolean =>
    char === "'" && !isShell && word !== undefined && !word.isQuoted && LETTER.test(word.text);
  const begin = (at: number) => {
    word ??= { text: '', start: at, isQuoted: false };
    return word;
  };
  const finish = (end: number): void => {
    if (word) words.push({ ...word, end, isBar: false });
    word = undefined;
  };
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (open !== undefined) {
      const current = begin(at);
      if (char === open) open = undefined;
      else if (char === '\\' && open === '"' && ESCAPED_IN_QUOTES.includes(line[at + 1] ?? ' ')) {
        current.text += line[++at];
      } else current.text += char;
    } else if ((char === "'" || char === '"') && !isApostrophe(char)) {
      begin(at).isQuoted = true;
      open = char;
    } else if (char === '\\' && !isWindows && at + 1 < line.length) {
      const current = begin(at);
      current.isQuoted = true;
      current.text += line[++at];
    } else if (SPACE.test(char)) finish(at);
    else if (char === '|') {
      finish(at);
      words.push({ text: char, start: at, end: at + 1, isQuoted: false, isBar: true });
    } else begin(at).text += char;
  }
  const isEnded = word === undefined;
  finish(line.length);
  return { words, open, isEnded };
}

/**
 * The words of a whole line.
 * @throws CocaError `usage` for a quote that is not closed
 */
export function splitLine(line: string, isWindows?: boolean): readonly Word[] {
  const { words, open } = splitPartial(line, isWindows);
  if (open !== undefined) {
    const message = `the quote ${open} before "${words.at(-1)!.text}" is not closed`;
    throw new CocaError('usage', message, 'with a backslash before it, it stands for itself');
  }
  return words;
}

const PLAIN = /^[\w@%+=:,./-]+$/;
/** Control characters, and the lone surrogates that stand for bytes which are no UTF-8. */
const NEEDS_ANSI_C = /[\u0000-\u001f\u007f]|\p{Surrogate}/u;

/** A word as bash reads it back: bare where it can be, in single quotes, or as `$'...'` where it holds odd bytes. */
export function quoteWord(text: string): string {
  if (PLAIN.test(text)) return text;
  if (!NEEDS_ANSI_C.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = Array.from(text, (char) => {
    const code = char.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
    return char === "'" || char === '\\' ? `\\${char}` : char;
  });
  return `$'${escaped.join('')}'`;
}

/** Words as one command line. */
export function quoteLine(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}
