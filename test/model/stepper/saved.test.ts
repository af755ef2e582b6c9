import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CocaError } from '../../../src/model/base/errors.js';
import { decodingOptions } from '../../../src/model/decoding/index.js';
import { type Action, formatSaved, parseSaved, type SavedSession } from '../../../src/model/stepper/index.js';

const { logprobs: _, trace: __, ...options } = decodingOptions({ beams: 2 }, { contextLength: 40 });
const SAVED: SavedSession = {
  image: 'photo.png',
  sha256: 'ab',
  model: 'scenes',
  prompt: null,
  options,
  actions: [
    { type: 'next', line: 0 },
    { type: 'force', line: 0, beam: 1, token: 7 },
    { type: 'fork', line: 0, at: 0, length: 2 },
    { type: 'fork', line: 0, at: 1 },
    { type: 'prune', line: 1, beam: 0 },
    { type: 'set', line: 1, options: { beams: 3 } },
  ],
  best: 'a dog',
};
const TEXT = formatSaved(SAVED);

describe('the file', () => {
  test('has an action a line, and says what it is', () => {
    expect(TEXT.split('\n').slice(0, 6).join('\n')).toMatchInlineSnapshot(`
      "{
        "format": "coca-step",
        "version": 1,
        "image": "photo.png",
        "sha256": "ab",
        "model": "scenes","
    `);
    expect(TEXT).toContain('\n    {"type":"force","line":0,"beam":1,"token":7},\n');
    expect(JSON.parse(TEXT)).toEqual({ format: 'coca-step', version: 1, ...SAVED });
    expect(JSON.parse(formatSaved({ ...SAVED, actions: [] })).actions).toEqual([]);
  });

  test('leaves out what is only reported', () => {
    expect(formatSaved({ ...SAVED, options: { ...options, trace: 9, logprobs: 2 } as never })).toBe(TEXT);
  });

  test('reads back as it was', () => expect(parseSaved(TEXT, 'f')).toEqual(SAVED));
});

describe('what is refused, and why', () => {
  const json = JSON.parse(TEXT);
  test.each<[string, string]>([
    ['', 'f.json is not JSON'],
    ['[]', 'f.json is no session of coca step'],
    ['null', 'f.json is no session'],
    ['{"format": "other"}', 'f.json is no session'],
    [JSON.stringify({ ...json, version: 2 }), 'f.json is of version 2, and this program reads 1'],
    [JSON.stringify({ ...json, image: 5 }), 'f.json: image must be a text, not 5'],
    [JSON.stringify({ ...json, prompt: undefined }), 'prompt must be a text, not undefined'],
    [JSON.stringify({ ...json, options: [] }), 'options must be an object'],
    [JSON.stringify({ ...json, actions: {} }), 'actions must be a list'],
    [JSON.stringify({ ...json, actions: [{ type: 'next', line: 0 }, { type: 'jump' }] }), 'action 2 is not one'],
    [JSON.stringify({ ...json, actions: [{ type: 'next' }] }), 'action 1 is not one: {"type":"next"}'],
    [JSON.stringify({ ...json, actions: [{ type: 'next', line: -1 }] }), 'action 1'],
    [JSON.stringify({ ...json, actions: [{ type: 'force', line: 0, beam: 0, token: 1.5 }] }), 'action 1'],
    [JSON.stringify({ ...json, actions: [{ type: 'next', line: 0, also: 1 }] }), 'action 1'],
    [JSON.stringify({ ...json, actions: [{ type: 'constructor', line: 0 }] }), 'action 1'],
    [JSON.stringify({ ...json, actions: ['x'.repeat(500)] }), 'xx...'],
  ])('%#', (text, message) => {
    expect(() => parseSaved(text, 'f.json')).toThrow(
      expect.objectContaining({ code: 'bad-session', message: expect.stringContaining(message) }),
    );
  });

  test('anything else is a session or such an error', () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), (value, text) => {
        for (const input of [value, text, JSON.stringify({ ...json, actions: JSON.parse(value) })]) {
          try {
            const { actions }: { actions: readonly Action[] } = parseSaved(input, 'f');
            for (const { type, line } of actions)
              expect([typeof type, Number.isInteger(line)]).toEqual(['string', true]);
          } catch (error) {
            expect(error).toBeInstanceOf(CocaError);
            expect(error).toMatchObject({ code: 'bad-session' });
          }
        }
      }),
    );
  });
});
