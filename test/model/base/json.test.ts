import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePythonJson } from '../../../src/model/base/json.js';
import { fixture } from '../../support/golden.js';

/** Values by Python's json.loads (scripts/reference/data_sets.py); numbers as text, objects as pairs. */
type Tagged = string | boolean | null | { integer: string } | { number: string } | Tagged[] | [string, Tagged][];
const { json } = JSON.parse(readFileSync(fixture('data-sets/golden.json'), 'utf8')) as {
  json: { text: string; value?: Tagged }[];
};

function expectSame(value: unknown, expected: unknown): void {
  if (Array.isArray(expected)) {
    const found = Array.isArray(value) ? value : Object.entries(value as object);
    expect(found).toHaveLength(expected.length);
    for (const [i, entry] of expected.entries()) expectSame(found[i], entry);
  } else if (typeof expected === 'object' && expected !== null) {
    const { integer, number } = expected as { integer?: string; number?: string };
    if (integer !== undefined) expect(String(value)).toBe(integer);
    else expect(value).toBe(Number(number));
  } else expect(value).toBe(expected);
}

describe('JSON as Python reads it', () => {
  it.each(json.map((one) => [one.text.slice(0, 60), one] as const))('%s', (_, { text, value }) => {
    if (value === undefined) expect(() => parsePythonJson(text)).toThrow(SyntaxError);
    else expectSame(parsePythonJson(text), value);
  });

  it('tells the place of what is wrong', () => {
    expect(() => parsePythonJson('{"a": NaN, b}')).toThrow(/at position 11\b/);
  });

  it('may have texts of many megabytes, whole or torn', () => {
    const text = `"${'x\\"'.repeat(2_000_000)}"`;
    expect(parsePythonJson(`[NaN, ${text}]`)).toHaveLength(2);
    expect(() => parsePythonJson(`[NaN, ${text.slice(0, -1)}`)).toThrow(SyntaxError);
  });
});
