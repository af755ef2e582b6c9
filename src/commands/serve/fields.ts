import { type Command, GLOBAL_OPTIONS, kebab, type OptionSpec } from '../../cli/command.js';
import { didYouMean } from '../../model/base/names/suggest.js';
import { badField } from '../../server/refusal.js';
import { ABLATION_OPTIONS } from '../io/inside/ablation.js';

/** A command as an operation of the server: which of its arguments and options are fields of a request. */
export interface Served {
  readonly command: Command;
  /** The argument after the picture, as a field: a text, or with `isList` several. */
  readonly texts?: { readonly field: string; readonly isList: boolean };
  /** Options that say where results go or how pictures come by, and mean nothing here. */
  readonly without: readonly string[];
}

/** The names of all fields, as JSON spells them, with the options that they stand for. */
export function fieldsOf({ command, without }: Served): ReadonlyMap<string, { name: string; spec: OptionSpec }> {
  const own = Object.entries(command.options).filter(
    ([name, spec]) => !without.includes(name) && name !== 'ablateOver' && !namesFiles(spec),
  );
  const globals = command.globals.includes('seed') ? [['seed', GLOBAL_OPTIONS.seed] as const] : [];
  return new Map([...own, ...globals].map(([name, spec]) => [kebab(name).replaceAll('-', '_'), { name, spec }]));
}

/** Options that name files of this machine are no client's. */
function namesFiles(spec: OptionSpec): boolean {
  const { kind, access } = spec as { readonly kind?: string; readonly access?: string };
  return access !== undefined || kind === 'file' || kind === 'folder' || (kind === 'image' && spec.type === 'list');
}

/**
 * A request's fields as the words of a command line, so that they are read and checked as those are.
 * @throws Refusal 400 for a field that there is not, or whose value is of another type
 */
export function wordsOf(
  served: Served,
  fields: Readonly<Record<string, unknown>>,
): { options: string[]; texts: string[] } {
  const known = fieldsOf(served);
  const { texts } = served;
  const options: string[] = [];
  const words: string[] = [];
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    if (field === texts?.field) {
      words.push(...textsOf(field, value, texts.isList));
      continue;
    }
    const option = known.get(field);
    if (option === undefined) {
      const names = [...known.keys(), ...(texts ? [texts.field] : []), 'image', 'model'];
      throw badField(field, `${served.command.name} has no field ${field}`, didYouMean(field, names));
    }
    options.push(...optionWords(field, `--${kebab(option.name)}`, option.spec, value));
  }
  return { options, texts: words };
}

function textsOf(field: string, value: unknown, isList: boolean): string[] {
  const list = isList && Array.isArray(value) ? value : [value];
  if (list.every((one) => typeof one === 'string')) return list as string[];
  throw badField(field, `${field} is no ${isList ? 'list of texts' : 'text'}`);
}

function optionWords(field: string, flag: string, spec: OptionSpec, value: unknown): string[] {
  const isBare = 'bare' in spec && spec.bare !== undefined && (value === true || value === 'true');
  if (spec.type === 'flag' || isBare) {
    if (value === true || value === 'true') return [flag];
    if (value !== false && value !== 'false') throw badField(field, `${field} is neither true nor false`);
    return spec.type === 'flag' && spec.negatable ? [flag.replace('--', '--no-')] : [];
  }
  const isNumber = spec.type === 'integer' || spec.type === 'number';
  const values = Array.isArray(value) && (spec.type === 'list' || isCommaList(spec)) ? value : [value];
  if (!values.every((one) => typeof one === 'string' || (isNumber && typeof one === 'number'))) {
    throw badField(field, `${field} is no ${isNumber ? 'number' : 'text'}`);
  }
  if (spec.type === 'list') return values.map((one) => `${flag}=${one}`);
  const parted = values.length > 1 && values.find((one) => String(one).includes(','));
  if (parted) throw badField(field, `${field}: '${parted}' has a comma, which parts them`);
  return [`${flag}=${values.join(',')}`];
}

/** An option that takes several with commas between takes a list, too. */
const isCommaList = (spec: OptionSpec): boolean =>
  spec === ABLATION_OPTIONS.ablate || ('placeholder' in spec && spec.placeholder === 'A,B,C');
