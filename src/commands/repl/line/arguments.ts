import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type ArgumentSpec, type Command, GLOBAL_OPTIONS, kebab, type OptionSpec } from '../../../cli/command.js';
import { CocaError } from '../../../model/base/errors.js';
import { PICTURE_NAME } from '../../../model/base/file-names.js';
import { isUrl } from '../../../model/net/address.js';
import { pictureAsText } from '../../io/check-inputs.js';
import type { Word } from './words.js';

/** What a session has to fill in where a line names none. */
export interface Fillings {
  /** Names of the open pictures: `@1` is the first. */
  readonly pictures: readonly string[];
  /** The picture that the session is about. */
  readonly picture: string | undefined;
  /** Its caption, once it has one. */
  readonly caption: string | undefined;
  readonly exists: (path: string) => boolean;
  /** Whether a file of that name holds a picture. */
  readonly isPicture: (path: string) => boolean;
}

/** The arguments and options of a command, as they are typed in a shell. */
export interface FilledLine {
  readonly positionals: readonly string[];
  readonly options: readonly string[];
}

/**
 * Makes of a line's words the words of the command line that they stand for: open pictures by their names, captions
 * between bars as one word each, and the session's picture and caption where none is named.
 * @throws CocaError `usage` for a picture that is not open, and for an empty caption between bars
 */
export function fillArguments(command: Command, words: readonly Word[], fillings: Fillings): FilledLine {
  const { options, names, positionals } = partWords(command, words);
  const images = command.args.filter(({ kind }) => kind === 'image');
  const image = images[0];
  const text = command.args.find(({ kind }) => kind === 'text');
  if (command.args.some(({ kind }) => kind === 'query'))
    return { options, positionals: queryWords(positionals, fillings) };
  const isReplaced = (spec: ArgumentSpec) => spec.unless?.some((name) => names.has(name)) === true;

  if (image?.variadic) {
    const named = positionals.map((word) => pictureNamed(word, fillings, true));
    return { options, positionals: named.length > 0 || isReplaced(image) ? named : [currentPicture(fillings)] };
  }
  const rest = [...positionals];
  const filled: string[] = [];
  if (image && !isReplaced(image)) {
    while (filled.length < images.length && rest.length > 0 && namesPicture(rest[0]!, text === undefined, fillings)) {
      filled.push(pictureNamed(rest.shift()!, fillings, text === undefined));
    }
    // Of two pictures, one that is named is the other.
    const needed = Math.max(1, images.filter(({ required }) => required).length);
    if (filled.length < needed) filled.unshift(currentPicture(fillings));
  }
  if (text) refusePictures(command, rest, fillings);
  const captions = text === undefined ? rest.map(plainText) : captionsOf(rest, text);
  const remembered =
    text?.isRemembered !== false && image && filled[0] === fillings.picture ? fillings.caption : undefined;
  if (text && captions.length === 0 && remembered !== undefined && !isReplaced(text)) captions.push(remembered);
  return { options, positionals: [...filled, ...captions] };
}

/**
 * The words of a search: open pictures by their names, and words that follow each other without quotes as one text. What has a name of
 * its own in the file system, a picture or the folder that is searched, is a word of its own, but never the only one.
 */
function queryWords(words: readonly Word[], fillings: Fillings): string[] {
  const found: string[] = [];
  let isText = false;
  for (const word of words) {
    const isSign = !word.isQuoted && (word.text === '+' || word.text === '-');
    const isName = numberOf(word, false) !== undefined || looksLikePicture(word, fillings.exists);
    const isPlain = !word.isQuoted && !isSign && !isName;
    if (isPlain && isText) found.push(`${found.pop()} ${plainText(word)}`);
    else found.push(isSign || word.isQuoted ? word.text : pictureNamed(word, fillings, false));
    isText = isPlain;
  }
  return found;
}

/**
 * The words that name captions, as captions. Bars part them; where there is none, quotes tell, and words without either are
 * one caption.
 */
function captionsOf(words: readonly Word[], { variadic }: ArgumentSpec): string[] {
  if (words.length === 0) return [];
  const hasBar = words.some(({ isBar }) => isBar);
  if (!variadic || (!hasBar && !words.some(({ isQuoted }) => isQuoted)))
    return [words.map(({ text }) => text).join(' ')];
  if (!hasBar) return words.map(plainText);
  const groups: string[][] = [[]];
  for (const word of words) {
    if (word.isBar) groups.push([]);
    else groups.at(-1)!.push(word.text);
  }
  if (groups.some((group) => group.length === 0)) {
    throw new CocaError('usage', 'a bar (|) has no caption on one side', 'rank a dog | a cat');
  }
  return groups.map((group) => group.join(' '));
}

/** @throws CocaError `usage` for an open picture, or one's path, among the words of captions */
function refusePictures(command: Command, words: readonly Word[], { isPicture }: Fillings): void {
  for (const word of words) {
    const named = numberOf(word, false) !== undefined || (looksLikePath(word) && isPicture(plainText(word)));
    if (named) throw pictureAsText(word.text, command);
  }
}

const PATH = /[/\\]|^~/;

/** Whether a word can be meant as a picture's path rather than as a caption or a verb. */
export function looksLikePicture(word: Word, exists: Fillings['exists']): boolean {
  return looksLikePath(word) || (!word.isBar && (isUrl(word.text) || exists(word.text)));
}

function looksLikePath({ text, isBar }: Word): boolean {
  return !isBar && (text.startsWith('file://') || PATH.test(text) || PICTURE_NAME.test(text));
}

function namesPicture(word: Word, isOnly: boolean, { exists }: Fillings): boolean {
  return isOnly || numberOf(word, false) !== undefined || looksLikePicture(word, exists);
}

/** The number in `@2`; where only a picture can be meant, also in `2`. */
function numberOf({ text, isQuoted }: Word, isOnly: boolean): number | undefined {
  const digits = isQuoted ? undefined : (isOnly ? /^@?(\d+)$/ : /^@(\d+)$/).exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * The name of the picture that a word means. `2` is the second open picture; the file of that name is `./2`.
 * @param isOnly whether only a picture can be meant, so that its number alone says which
 */
export function pictureNamed(word: Word, { pictures }: Pick<Fillings, 'pictures'>, isOnly: boolean): string {
  const number = numberOf(word, isOnly);
  if (number === undefined) return plainText(word);
  const picture = pictures[number - 1];
  if (picture !== undefined) return picture;
  const count = pictures.length === 0 ? 'none is' : pictures.length === 1 ? 'one is' : `${pictures.length} are`;
  throw new CocaError('usage', `there is no picture ${number}: ${count} open`, 'type the path of one to open it');
}

function currentPicture({ picture }: Fillings): string {
  if (picture !== undefined) return picture;
  throw new CocaError('usage', 'no picture is open', 'type the path of one, or: open *.png');
}

/** Words as they go to a command. */
export function plainWords(words: readonly Word[]): string[] {
  return words.map(plainText);
}

/** A word as it goes to a command: a home folder written out, and the URL of a file as its path. */
function plainText({ text, isQuoted }: Word): string {
  if (text.startsWith('file://') && URL.canParse(text)) return fileURLToPath(text);
  return isQuoted ? text : expandHome(text);
}

/** `~/a` with the home folder in place of the tilde. */
export function expandHome(text: string): string {
  return text === '~' || text.startsWith('~/') ? homedir() + text.slice(1) : text;
}

/** The option that a word begins, of those that a command takes. */
export function optionOf(command: Command, word: string): readonly [name: string, spec: OptionSpec] | undefined {
  const specs = allOptions(command);
  const typed = /^--([^=]+)/.exec(word)?.[1];
  if (typed !== undefined) {
    return specs.find(([name, spec]) => {
      return kebab(name) === typed || (spec.type === 'flag' && spec.negatable && `no-${kebab(name)}` === typed);
    });
  }
  const letter = /^-([A-Za-z])/.exec(word)?.[1];
  return letter === undefined ? undefined : specs.find(([, spec]) => spec.short === letter);
}

/** A command's own options and the general ones that it takes. */
export function allOptions(command: Command): (readonly [name: string, spec: OptionSpec])[] {
  return [...Object.entries(command.options), ...command.globals.map((name) => [name, GLOBAL_OPTIONS[name]] as const)];
}

/** How many words after an option's own are its values. */
export function valuesAfter(spec: OptionSpec, word: string, following: readonly Word[]): number {
  if (spec.type === 'flag' || word.includes('=') || (/^-\w./.test(word) && !word.startsWith('--'))) return 0;
  if (spec.type === 'list' && spec.rest) {
    const next = following.findIndex(({ text, isQuoted }) => text.startsWith('-') && !isQuoted);
    return next < 0 ? following.length : next;
  }
  const takesNumber = (spec.type === 'integer' || spec.type === 'number') && spec.bare !== undefined;
  if (takesNumber && !/^[+-]?\d/.test(following[0]?.text ?? '')) return 0;
  return Math.min(1, following.length);
}

/** The options among a line's words, with their values. */
export function optionsOf(command: Command, words: readonly Word[]): readonly string[] {
  return partWords(command, words).options;
}

/** Options with their values on one side, everything else on the other. */
function partWords(command: Command, words: readonly Word[]) {
  const options: string[] = [];
  const names = new Set<string>();
  const positionals: Word[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word.text === '--' && !word.isQuoted) {
      positionals.push(...words.slice(at + 1));
      break;
    }
    const isOption = !word.isQuoted && !word.isBar && word.text.length > 1 && word.text.startsWith('-');
    if (!isOption) {
      positionals.push(word);
      continue;
    }
    const found = optionOf(command, word.text);
    const count = found ? valuesAfter(found[1], word.text, words.slice(at + 1)) : 0;
    if (found) names.add(found[0]);
    options.push(...words.slice(at, at + 1 + count).map(plainText));
    at += count;
  }
  return { options, names, positionals };
}
