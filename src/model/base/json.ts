import { randomUUID } from 'node:crypto';
import { CocaError, type ErrorCode } from './errors.js';

/** A JSON object of which nothing is known yet. */
export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The value of a JSON text.
 * @param where what errors call the text
 * @throws CocaError `code` for what is not JSON
 */
export function parseJson(
  text: string,
  where: string,
  code: ErrorCode,
  parse: (text: string) => unknown = JSON.parse,
): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new CocaError(code, `${where} is not JSON: ${(cause as Error).message}`, undefined, { cause });
  }
}

/** Texts that have none of these are the same to Python and to JavaScript. */
const NEEDS_CARE = /NaN|Infinity|\d{16}/;
/** An escape, the beginning or end of a string, or what may be a value; before a colon none is one. */
const TOKENS = /\\.|"|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity)(?!\s*:)/gs;
const WHOLE = /^-?\d+$/;
/** Python reads no longer whole numbers. */
const MAX_DIGITS = 4300;

/**
 * A JSON value as Python's `json.loads` takes it: `NaN`, `Infinity` and `-Infinity` are numbers (`json.dumps` and pandas write
 * them), and whole numbers that a JavaScript number cannot hold are bigints, so that two ids stay two.
 * @throws SyntaxError for what Python refuses, too
 */
export function parsePythonJson(text: string): unknown {
  if (!NEEDS_CARE.test(text)) return JSON.parse(text);
  const mark = randomUUID();
  const values: (number | bigint)[] = [];
  const marked = replaceSpecial(text, (_, value) => `"${mark}${values.push(value) - 1}"`);
  if (values.length === 0) return JSON.parse(text);
  try {
    return JSON.parse(marked, (_, value) =>
      typeof value === 'string' && value.startsWith(mark) ? values[Number(value.slice(mark.length))] : value,
    );
  } catch (error) {
    // The same without the marks tells the place as it is in the text.
    JSON.parse(replaceSpecial(text, (token) => '1'.repeat(token.length)));
    throw error;
  }
}

function replaceSpecial(text: string, replacement: (token: string, value: number | bigint) => string): string {
  let isInString = false;
  return text.replace(TOKENS, (token) => {
    if (token === '"') isInString = !isInString;
    const value = isInString ? undefined : specialValue(token);
    return value === undefined ? token : replacement(token, value);
  });
}

/** What `JSON.parse` would refuse or round. */
function specialValue(token: string): number | bigint | undefined {
  if (/[NI]/.test(token)) return Number(token);
  if (!WHOLE.test(token) || Number.isSafeInteger(Number(token))) return undefined;
  if (token.length > MAX_DIGITS) throw new SyntaxError(`a whole number of ${token.length} digits`);
  return BigInt(token);
}
