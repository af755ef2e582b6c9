import { expect, test } from 'vitest';
import { fits, type Knob, needs } from '../../../src/model/base/knob.js';
import { DECODING_KNOBS, KNOB_NAMES, knobOf } from '../../../src/model/decoding/knobs.js';
import { TRAINING_KNOBS } from '../../../src/model/training/run/knobs.js';

test.each<[string, Knob, readonly unknown[], readonly unknown[]]>([
  ['a whole number from 1 up', { type: 'integer', min: 1 }, [1, 7], [0, 1.5, '1', null, Number.POSITIVE_INFINITY]],
  ['a number', { type: 'number' }, [-1.5, 0], ['0', Number.NaN, Number.NEGATIVE_INFINITY, undefined]],
  ['a number from 0 up', { type: 'number', min: 0 }, [0, 0.1], [-0.1]],
  ['a number above 0', { type: 'number', above: 0 }, [1e-9], [0, -1]],
  ['above 0 and at most 1', { type: 'number', above: 0, max: 1 }, [0.5, 1], [0, 1.01]],
  ['from 0 to 1', { type: 'number', min: 0, max: 1 }, [0, 1], [-0.01, 1.01]],
  [
    'true, false or never',
    { type: 'choice', choices: [true, false, 'never'] },
    [true, false, 'never'],
    ['true', 0, null],
  ],
  ['true or false', { type: 'flag' }, [true, false], [1, 'true', undefined]],
])('%s', (text, knob, good, bad) => {
  expect(needs(knob)).toBe(text);
  for (const value of good) expect(fits(knob, value), String(value)).toBe(true);
  for (const value of bad) expect(fits(knob, value), String(value)).toBe(false);
});

test('every default, and every value that changes nothing, is one that its knob takes', () => {
  for (const name of KNOB_NAMES) {
    const { default: usual, off = usual } = knobOf(name);
    expect([name, fits(DECODING_KNOBS[name], usual), fits(DECODING_KNOBS[name], off)]).toEqual([name, true, true]);
  }
  for (const [name, knob] of Object.entries<Knob>(TRAINING_KNOBS)) {
    if ('default' in knob) expect([name, fits(knob, knob.default)]).toEqual([name, true]);
  }
});
