import { randomUUID } from 'node:crypto';

/** Texts that have none of these are the same to Python and to JavaScript. */
const NEEDS_CARE = /NaN|Infinity|\d{16}/;
/** Strings, also one that never ends, and what is no string but a value of its own. */
const TOKENS =
  /"[^"\\]*(?:\\.[^"\\]*)*(?:"|$)|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity)(?!\s*:)/gs;
const WHOLE = /^-?\d+$/;

/**
 * A JSON value as Python's `json.loads` takes it: `NaN`, `Infinity` and `-Infinity` are numbers (`json.dumps` and pandas write
 * them), and whole numbers that a JavaScript number cannot hold are bigints, so that two ids stay two.
 * @throws SyntaxError for what Python refuses, too
 */
export function parsePythonJson(text: string): unknown {
  if (!NEEDS_CARE.test(text)) return JSON.parse(text);
  const mark = randomUUID();
  const values: (number | bigint)[] = [];
  const marked = text.replace(TOKENS, (token) => {
    const value = specialValue(token);
    return value === undefined ? token : `"${mark}${values.push(value) - 1}"`;
  });
  if (values.length === 0) return JSON.parse(text);
  try {
    return JSON.parse(marked, (_, value) =>
      typeof value === 'string' && value.startsWith(mark) ? values[Number(value.slice(mark.length))] : value,
    );
  } catch (error) {
    throw new SyntaxError((error as Error).message.replaceAll(new RegExp(`"?${mark}\\d*"?`, 'g'), '0'), {
      cause: error,
    });
  }
}

function specialValue(token: string): number | bigint | undefined {
  if (token.startsWith('"')) return undefined;
  if (WHOLE.test(token)) return Number.isSafeInteger(Number(token)) ? undefined : BigInt(token);
  return /[NI]/.test(token) ? Number(token) : undefined;
}
