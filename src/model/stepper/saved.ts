import { CocaError } from '../base/errors.js';
import { isObject, parseJson } from '../base/json.js';
import type { DecodingOptions } from '../decoding/knobs.js';
import type { Action } from './actions.js';
import type { Session } from './session.js';

const FORMAT = 'coca-step';
const VERSION = 1;

/** Options as a file keeps them: what is only reported is left out. */
export type SavedOptions = Omit<DecodingOptions, 'logprobs' | 'trace'>;

/** A session as it is kept in a file: what it was about, and what was done. Done again, that is the session. */
export interface SavedSession {
  /** The picture's name, and the SHA-256 of its bytes in hexadecimal digits. */
  readonly image: string;
  readonly sha256: string;
  readonly model: string;
  /** How the caption was made to begin; null if it was not. */
  readonly prompt: string | null;
  /** Those that the session began with. */
  readonly options: SavedOptions;
  readonly actions: readonly Action[];
  /** The best caption when it was saved; null if there was none. */
  readonly best: string | null;
}

/** What has been done to a session, undone actions left out. */
export const actionsOf = ({ past }: Session): readonly Action[] => past.map(({ action }) => action);

/** The text of a session's file. */
export function formatSaved(saved: SavedSession): string {
  const { options, actions, ...about } = saved;
  const { logprobs: _tokens, trace: _candidates, ...kept } = options as DecodingOptions;
  const list = actions.map((action) => `\n    ${JSON.stringify(action)}`).join(',');
  const head = JSON.stringify({ format: FORMAT, version: VERSION, ...about, options: kept }, null, 2);
  return `${head.slice(0, -2)},\n  "actions": [${list}${list === '' ? '' : '\n  '}]\n}\n`;
}

/**
 * Reads the text of a session's file. Whether its options and actions fit the model shows when they are used.
 * @param name what errors call the file
 * @throws CocaError `bad-session`
 */
export function parseSaved(text: string, name: string): SavedSession {
  const fail = (problem: string): never => {
    throw new CocaError('bad-session', `${name}${problem}`, 'coca step --save FILE writes such files');
  };
  const json = parseJson(text, name, 'bad-session');
  if (!isObject(json) || json.format !== FORMAT) return fail(' is no session of coca step');
  if (json.version !== VERSION) return fail(` is of version ${show(json.version)}, and this program reads ${VERSION}`);
  const textOf = (key: string): string => {
    const value = json[key];
    return typeof value === 'string' ? value : fail(`: ${key} must be a text, not ${show(value)}`);
  };
  const textOrNull = (key: string): string | null => (json[key] === null ? null : textOf(key));
  const { options, actions } = json;
  if (!isObject(options)) return fail(`: options must be an object, not ${show(options)}`);
  if (!Array.isArray(actions)) return fail(`: actions must be a list, not ${show(actions)}`);
  return {
    image: textOf('image'),
    sha256: textOf('sha256'),
    model: textOf('model'),
    prompt: textOrNull('prompt'),
    options: options as unknown as SavedOptions,
    actions: actions.map((action, i) =>
      isAction(action) ? action : fail(`: action ${i + 1} is not one: ${show(action)}`),
    ),
    best: textOrNull('best'),
  };
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isText = (value: unknown): boolean => typeof value === 'string';
const optional = (isFit: (value: unknown) => boolean) => (value: unknown) => value === undefined || isFit(value);
const isListOf = (isFit: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every(isFit);
const isPlace = optional((value) => {
  const sides = ['x', 'y', 'width', 'height'];
  return isObject(value) && Object.keys(value).length === 4 && sides.every((side) => isCount(value[side]));
});

/** Where an action that begins a line does so. */
const FORK = { line: isCount, at: isCount, length: optional(isCount) };

/** The fields of each action beside its type, and what they must be. */
const FIELDS: { readonly [Type in Action['type']]: Readonly<Record<string, (value: unknown) => boolean>> } = {
  next: { line: isCount },
  force: { line: isCount, beam: isCount, token: isCount },
  prune: { line: isCount, beam: isCount },
  fork: FORK,
  erase: { ...FORK, cells: optional(isListOf(isCount)), word: optional(isText), rectangle: isPlace, box: isPlace },
  ablate: { ...FORK, sites: isListOf(isText) },
  patch: { ...FORK, image: isText, sha256: isText, site: isText },
  set: { line: isCount, options: isObject },
};

function isAction(value: unknown): value is Action {
  if (!isObject(value) || !Object.hasOwn(FIELDS, value.type as string)) return false;
  const fields = FIELDS[value.type as Action['type']];
  const known = Object.keys(value).every((key) => key === 'type' || Object.hasOwn(fields, key));
  // A region is said in one way.
  const isRegion = ['cells', 'rectangle', 'box'].filter((key) => Object.hasOwn(value, key)).length === 1;
  if (value.type === 'erase' && (!isRegion || (Object.hasOwn(value, 'word') && !Object.hasOwn(value, 'cells'))))
    return false;
  return (
    known && Object.entries(fields).every(([key, isFit]) => isFit(Object.hasOwn(value, key) ? value[key] : undefined))
  );
}

/** A value in an error, not at length. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
