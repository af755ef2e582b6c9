import { type Command, kebab, type OptionSpec, verbOf, type WordKind, withVerb } from '../../../cli/command.js';
import { brief, type Word as Known } from '../../../cli/completion/vocabulary.js';
import { topicNames } from '../../../cli/topics.js';
import type { ReplSession } from '../session.js';
import { allOptions, optionOf, valuesAfter } from './arguments.js';
import { type Candidate, completePath, type PathKind } from './complete-path.js';
import { splitPartial, type Word } from './words.js';

/** How the word before the cursor can go on. */
export interface Completion {
  /** Where the word begins in the line; it ends at the cursor. */
  readonly start: number;
  readonly candidates: readonly Candidate[];
}

/** What completion needs of a session. */
export type CompletionSource = Pick<ReplSession, 'commands' | 'settings' | 'last'>;

/** What completion asks of the models on this machine. */
export interface ModelLookUp {
  /** Names that `--model` takes. */
  readonly modelNames: () => Promise<readonly Known[]>;
  /** What `--ablate` takes of a model, by its name: that which is the default without one. */
  readonly siteNames: (model: string | undefined) => Promise<readonly string[]>;
}

/**
 * Completes the word before the cursor: verbs, their options and the values of these, names of models, and paths.
 * @param look what is asked of the models on this machine
 */
export async function complete(
  line: string,
  cursor: number,
  source: CompletionSource,
  look: ModelLookUp,
): Promise<Completion> {
  const head = line.slice(0, cursor);
  const { words, open, isEnded } = splitPartial(head);
  const current = isEnded ? undefined : words.at(-1);
  const before = (isEnded ? words : words.slice(0, -1)).filter((word, i) => i > 0 || word.text !== 'coca');
  const typed = current?.text ?? '';
  const start = current?.start ?? cursor;
  const slot = slotOf(before, current, source);
  const after = (words: readonly Known[], prefix = ''): Candidate[] =>
    words
      .filter(({ word }) => (prefix + word).startsWith(typed))
      .map(({ word, about }) => candidate(prefix + word, about));
  const paths = (kind: PathKind, prefix = '') => completePath(typed.slice(prefix.length), kind, open, prefix);

  switch (slot.wants) {
    case 'verb': {
      const verbs = after([...named(source.commands), { word: 'help', about: 'help, that of a verb, or a document' }]);
      return { start, candidates: typed === '' ? verbs : [...verbs, ...(await paths('image'))] };
    }
    case 'help':
      return { start, candidates: after([...named(source.commands), ...topicNames(source.commands)]) };
    case 'words':
      return { start, candidates: after(slot.words, slot.prefix) };
    case 'model':
      return {
        start,
        candidates: [...after(await look.modelNames(), slot.prefix), ...(await paths('any', slot.prefix))],
      };
    case 'sites': {
      const all = await look.siteNames(modelOf(before) ?? source.settings.get('model'));
      const listed = /^.*,/.exec(typed.slice(slot.prefix.length))?.[0] ?? '';
      const sites = all.map((word): Known => ({ word, about: '' }));
      // Another may follow.
      return { start, candidates: after(sites, slot.prefix + listed).map((one) => ({ ...one, isWhole: false })) };
    }
    case 'path':
      return { start, candidates: await paths(slot.kind, slot.prefix) };
    case 'nothing':
      return { start, candidates: [] };
  }
}

/** What belongs where the cursor is. `prefix` is what the word begins with already: dashes, or `--name=`. */
type Slot =
  | { readonly wants: 'verb' | 'help' | 'nothing' }
  | { readonly wants: 'words'; readonly words: readonly Known[]; readonly prefix: string }
  | { readonly wants: 'model' | 'sites'; readonly prefix: string }
  | { readonly wants: 'path'; readonly kind: PathKind; readonly prefix: string };

function slotOf(before: readonly Word[], current: Word | undefined, source: CompletionSource): Slot {
  const [verb, ...rest] = before;
  if (verb === undefined) return { wants: 'verb' };
  if (verb.text === 'help') return { wants: 'help' };
  if (verb.text === 'last' && source.last !== undefined) {
    return slotOf([...splitPartial(source.last.line).words, ...rest], current, source);
  }
  const found = source.commands.find(({ name }) => name === verb.text);
  // More pictures after a first one.
  if (found === undefined) return { wants: 'path', kind: 'image', prefix: '' };
  const command = withVerb(found, rest[0]?.text);
  if (command !== found) rest.shift();
  const isOption = current !== undefined && !current.isQuoted && current.text.startsWith('-');
  if (isOption) return optionSlot(command, current.text);

  const { pending, positionals } = scan(command, rest);
  if (pending) return valueSlot(pending, '');
  if (command.verbs && positionals === 0) {
    const words = command.verbs.map((one): Known => ({ word: verbOf(one), about: one.summary }));
    return { wants: 'words', words, prefix: '' };
  }
  if (command.name === 'set' || command.name === 'unset')
    return settingSlot(command.name, positionals, rest[0], source);
  const spec = command.args[Math.min(positionals, command.args.length - 1)];
  const isLeft = spec !== undefined && (positionals < command.args.length || spec.variadic);
  return isLeft ? slotOfKind(spec.kind, '') : { wants: 'nothing' };
}

function optionSlot(command: Command, word: string): Slot {
  const equals = word.indexOf('=');
  const found = equals < 0 ? undefined : optionOf(command, word);
  if (found) return valueSlot(found[1], word.slice(0, equals + 1));
  const words = allOptions(command).flatMap(([name, spec]): Known[] => {
    const about = brief(spec.description);
    const long = kebab(name);
    return spec.type === 'flag' && spec.negatable
      ? [
          { word: long, about },
          { word: `no-${long}`, about },
        ]
      : [{ word: long, about }];
  });
  return { wants: 'words', words: [...words, { word: 'help', about: 'all that it takes' }], prefix: '--' };
}

/** How many arguments stand before the cursor, and the option whose value is due, if one is. */
function scan(command: Command, words: readonly Word[]) {
  let positionals = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const found = word.isQuoted || !word.text.startsWith('-') ? undefined : optionOf(command, word.text);
    if (!found) {
      if (!word.text.startsWith('-')) positionals++;
      continue;
    }
    const [, spec] = found;
    const following = words.slice(at + 1);
    const count = valuesAfter(spec, word.text, following);
    const goesOn = spec.type === 'list' && spec.rest && count === following.length;
    const isDue = following.length === 0 && spec.type !== 'flag' && !word.text.includes('=');
    if (goesOn || isDue) return { pending: spec, positionals };
    at += count;
  }
  return { pending: undefined, positionals };
}

function valueSlot(spec: OptionSpec, prefix: string): Slot {
  if (spec.type === 'choice')
    return { wants: 'words', words: spec.choices.map((word) => ({ word, about: '' })), prefix };
  if (spec.type === 'text' || spec.type === 'list') return slotOfKind(spec.kind ?? 'text', prefix);
  return { wants: 'nothing' };
}

function settingSlot(
  verb: 'set' | 'unset',
  positionals: number,
  name: Word | undefined,
  { settings }: CompletionSource,
): Slot {
  if (positionals > 0) {
    const spec = positionals === 1 && verb === 'set' ? settings.specs().get(name!.text) : undefined;
    return spec ? settingValueSlot(spec) : { wants: 'nothing' };
  }
  const words = [...settings.specs()].map(([word, spec]): Known => ({ word, about: brief(spec.description) }));
  const isSet = new Set(settings.entries().map(([name]) => name));
  return { wants: 'words', words: verb === 'unset' ? words.filter(({ word }) => isSet.has(word)) : words, prefix: '' };
}

const settingValueSlot = (spec: OptionSpec): Slot =>
  spec.type === 'flag' ? { wants: 'words', words: ON_OR_OFF, prefix: '' } : valueSlot(spec, '');

const ON_OR_OFF: readonly Known[] = [
  { word: 'on', about: '' },
  { word: 'off', about: '' },
];

/** The model that the words of a line name. */
function modelOf(words: readonly Word[]): string | undefined {
  const at = words.findLastIndex(({ text }) => ['--model', '-m'].includes(text) || text.startsWith('--model='));
  if (at < 0) return undefined;
  const { text } = words[at]!;
  return text.includes('=') ? text.slice(text.indexOf('=') + 1) : words[at + 1]?.text;
}

function slotOfKind(kind: WordKind, prefix: string): Slot {
  switch (kind) {
    case 'query':
      return { wants: 'path', kind: 'image', prefix };
    case 'image':
    case 'folder':
      return { wants: 'path', kind, prefix };
    case 'file':
      return { wants: 'path', kind: 'any', prefix };
    case 'model':
    case 'known-model':
      return { wants: 'model', prefix };
    case 'sites':
      return { wants: 'sites', prefix };
    default:
      return { wants: 'nothing' };
  }
}

const named = (commands: readonly Command[]): Known[] =>
  commands.map(({ name, summary }) => ({ word: name, about: summary }));

function candidate(text: string, about: string): Candidate {
  return { text, label: text, about, isWhole: !text.endsWith('=') };
}
