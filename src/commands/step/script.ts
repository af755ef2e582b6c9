import { kebab } from '../../cli/command.js';
import { parseChoice, parseNumber } from '../../cli/values.js';
import { CocaError } from '../../model/base/errors.js';
import { didYouMean } from '../../model/base/names/suggest.js';
import { CHANGEABLE, type ChangeableName, knobOf } from '../../model/decoding/knobs.js';
import type { ForceTarget, OptionChanges, Verb } from '../../model/stepper/index.js';
import { numberOption } from '../io/knob-options.js';
import { CHANGE_VERBS, type ChangeVerb, isChangeVerb, readChange } from './change-words.js';

/** A word of a script and what it asks for. */
export interface ScriptWord {
  /** As it was typed. */
  readonly text: string;
  /** Which word of the script it is, from 1, and the column of its first character, from 1. */
  readonly word: number;
  readonly column: number;
  readonly verb: Verb;
}

/** What follows a verb's colon; undefined where there is no colon. */
interface Argument {
  readonly text: string;
  /** In double quotes: nothing in it has a meaning of its own. */
  readonly isQuoted: boolean;
}

/** The verbs, with what each takes, as the help and errors say it. */
export const VERBS = {
  next: 'next[:N]',
  undo: 'undo[:N]',
  redo: 'redo[:N]',
  run: 'run',
  choose: 'choose:BEAM|first|up|down',
  force: 'force:TEXT|#CANDIDATE|=ID',
  prune: 'prune[:BEAM]',
  fork: 'fork[:BEAM][@STEP]',
  line: 'line:N',
  set: 'set:OPTION=VALUE[ OPTION=VALUE]...',
  ...CHANGE_VERBS,
} as const;

type VerbName = keyof typeof VERBS;

/**
 * Reads a script: words with commas between them, each a verb and, after a colon, what it is about. An argument in double
 * quotes is as it stands (\" and \\ stand for " and \), others end at a comma and lose the spaces around them.
 * @throws CocaError `usage` naming the word and where it stands
 */
export function parseScript(script: string): readonly ScriptWord[] {
  if (script.trim() === '') return [];
  return splitWords(script).map(({ text, column }, i) => {
    const at = { text: text.trim(), word: i + 1, column: column + text.length - text.trimStart().length };
    return { ...at, verb: verbOf(at) };
  });
}

type Place = Omit<ScriptWord, 'verb'>;

/** An error about a word of a script. */
export function scriptError({ text, word, column }: Place, problem: string, hint?: string): CocaError {
  const name = text === '' ? 'nothing' : `'${text}'`;
  return new CocaError('usage', `--script: ${name} (word ${word}, column ${column}): ${problem}`, hint);
}

/** The words between commas that are not in quotes, each with the column it begins at. */
function splitWords(script: string): { text: string; column: number }[] {
  const words: { text: string; column: number }[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i <= script.length; i++) {
    if (isQuoted && script[i] === '\\') i++;
    else if (script[i] === '"') isQuoted = !isQuoted;
    else if (i >= script.length || (script[i] === ',' && !isQuoted)) {
      words.push({ text: script.slice(start, i), column: start + 1 });
      start = i + 1;
    }
  }
  return words;
}

function verbOf(at: Place): Verb {
  // A verb ends at its colon; that of fork also at the @ of a step.
  const end = at.text.search(/[:@]/);
  const verb = (end < 0 ? at.text : at.text.slice(0, end)).trim();
  if (!Object.hasOwn(VERBS, verb)) {
    const problem = verb === '' ? 'there is no verb' : `there is no verb ${verb}`;
    throw scriptError(at, problem, didYouMean(verb, Object.keys(VERBS)) ?? `verbs: ${Object.values(VERBS).join(', ')}`);
  }
  if (isChangeVerb(verb)) return changeVerb(at, verb, end);
  const rest = at.text.slice(at.text[end] === ':' ? end + 1 : end).trim();
  const read = new Reader(at, verb as VerbName, end < 0 ? undefined : argumentOf(at, rest));
  switch (verb as Exclude<VerbName, ChangeVerb>) {
    case 'next':
    case 'undo':
    case 'redo':
      return { type: verb as 'next', times: read.optional((text) => read.count(text, 1)) ?? 1 };
    case 'run':
      read.nothing();
      return { type: 'run' };
    case 'choose':
      return {
        type: 'choose',
        to: read.required((text) => (text === 'first' || text === 'up' || text === 'down' ? text : read.count(text))),
      };
    case 'force':
      return { type: 'force', target: read.target() };
    case 'prune':
      return { type: 'prune', beam: read.optional((text) => read.count(text)) };
    case 'fork':
      return { type: 'fork', ...(read.optional((text) => read.origin(text)) ?? { beam: undefined, step: undefined }) };
    case 'line':
      return { type: 'line', line: read.required((text) => read.count(text)) };
    case 'set':
      return { type: 'set', options: read.required((text) => read.settings(text)) };
  }
}

/** A change: its step stands between the verb and the colon, since what follows may hold anything. */
function changeVerb(at: Place, verb: ChangeVerb, end: number): Verb {
  const [, step, colon, text = ''] = /^(?:@\s*(\d{1,9})\s*)?(:?)(.*)$/s.exec(end < 0 ? '' : at.text.slice(end)) ?? [];
  if (colon !== ':') throw scriptError(at, `${verb} needs an argument`, `it is ${CHANGE_VERBS[verb]}`);
  try {
    return { type: 'change', change: readChange(verb, text.trim()), ...(step !== undefined && { step: Number(step) }) };
  } catch (error) {
    if (error instanceof CocaError) throw scriptError(at, error.message, error.hint);
    throw error;
  }
}

function argumentOf(at: Place, text: string): Argument {
  if (!text.includes('"')) return { text, isQuoted: false };
  const inside = /^"((?:[^"\\]|\\.)*)"$/s.exec(text)?.[1];
  if (inside === undefined) throw scriptError(at, 'quotes stand around the whole argument', 'as in force:","');
  return { text: inside.replace(/\\(.)/gs, '$1'), isQuoted: true };
}

/** Reads the argument of a verb, or says what the verb takes. */
class Reader {
  constructor(
    private readonly at: Place,
    private readonly verb: VerbName,
    private readonly argument: Argument | undefined,
  ) {}

  fail(problem: string, hint?: string): never {
    throw scriptError(this.at, problem, hint ?? `it is ${VERBS[this.verb]}`);
  }

  nothing(): void {
    if (this.argument !== undefined) this.fail(`${this.verb} takes nothing`);
  }

  optional<T>(parse: (text: string) => T): T | undefined {
    return this.argument === undefined ? undefined : this.required(parse);
  }

  required<T>(parse: (text: string) => T): T {
    const { text } = this.argument ?? this.fail(`${this.verb} needs an argument`);
    if (text === '') this.fail('nothing follows the colon');
    return parse(text);
  }

  count(text: string, least = 0): number {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least ? value : this.fail(`'${text}' is no whole number from ${least} up`);
  }

  target(): ForceTarget {
    return this.required((text) => {
      if (this.argument!.isQuoted) return { text };
      if (text.startsWith('#')) return { candidate: this.count(text.slice(1), 1) };
      if (text.startsWith('=')) return { id: this.count(text.slice(1)) };
      return { text };
    });
  }

  origin(text: string): { beam: number | undefined; step: number | undefined } {
    const [beam = '', step, ...more] = text.split('@');
    if (more.length > 0) this.fail(`'${text}' has more than one @`);
    return {
      beam: beam.trim() === '' ? undefined : this.count(beam.trim()),
      step: step === undefined ? undefined : this.count(step.trim()),
    };
  }

  settings(text: string): OptionChanges {
    const pairs = text.replace(/\s*=\s*/g, '=').split(/\s+/);
    return Object.assign({}, ...pairs.map((pair) => this.setting(pair)));
  }

  setting(text: string): OptionChanges {
    const [typed = '', value, ...more] = text.split('=').map((part) => part.trim());
    if (value === undefined || more.length > 0) this.fail(`'${text}' is not OPTION=VALUE`);
    const name = CHANGEABLE.find((known) => kebab(known) === typed);
    if (name === undefined) {
      const names = CHANGEABLE.map(kebab);
      const guess = didYouMean(typed, names) ?? `what can: ${names.join(', ')}`;
      return this.fail(`there is no option '${typed}' that can be changed on the way`, guess);
    }
    try {
      return optionChange(name, value);
    } catch (error) {
      if (error instanceof CocaError) this.fail(error.message.replace(/^--/, ''), error.hint);
      throw error;
    }
  }
}

/**
 * An option, and its value as it is typed.
 * @throws CocaError `usage`
 */
export function optionChange(name: ChangeableName, value: string): OptionChanges {
  const knob = knobOf(name);
  if (knob.type !== 'choice') return { [name]: parseNumber(name, numberOption(knob), value) };
  const words = knob.choices.map(String);
  return { [name]: knob.choices[words.indexOf(parseChoice(name, { choices: words }, value))] };
}
