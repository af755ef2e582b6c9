import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import type { Coca } from '../../src/model/api.js';
import { type Computed, computedValues } from '../../src/model/computed.js';
import { temporaryFolder } from '../support/folder.js';
import { golden } from '../support/golden.js';

const { at } = temporaryFolder();
const { config } = await golden('pooled');
type Model = Pick<Coca, 'fingerprint' | 'tokenizerFingerprint' | 'precision' | 'config' | 'ablated'>;
const model: Model = {
  fingerprint: async () => 'ab'.repeat(32),
  tokenizerFingerprint: async () => 'ef'.repeat(32),
  precision: 'fp32',
  config,
};

let told: string[];
let count: number;
beforeEach(() => {
  told = [];
  count = 0;
});

const of = (coca: Model, how: Partial<Computed> = {}) =>
  computedValues(
    coca,
    { folder: at('kept'), what: 'numbers', of: 'these', onBroken: (text) => told.push(text), ...how },
    async () => {
      count++;
      return Float32Array.of(count, 2, 3);
    },
  );

test('are made once for weights, precision, config, what was taken out, and what they are of', async () => {
  const first = await of(model);
  expect(await of(model)).toEqual(first);
  expect(count).toBe(1);
  const others: readonly (readonly [Model, Partial<Computed>?])[] = [
    [{ ...model, fingerprint: async () => 'cd'.repeat(32) }],
    [{ ...model, precision: 'int8' }],
    [{ ...model, config: { ...config, embed_dim: 7 } }],
    [{ ...model, ablated: { sites: ['vision.0'], with: 'zero' } }],
    [{ ...model, ablated: { sites: ['vision.1'], with: 'zero' } }],
    [model, { of: 'those' }],
  ];
  for (const [i, [other, how]] of others.entries()) {
    expect((await of(other, how))[0]).toBe(i + 2);
    expect((await of(other, how))[0]).toBe(i + 2);
  }
  expect(await of(model)).toEqual(first);
  expect(readdirSync(at('kept')).filter((name) => name.startsWith(`${'ab'.repeat(16)}-fp32-`))).toHaveLength(5);
  expect(told).toEqual([]);
});

test('of texts they are of the tokenizer, too', async () => {
  const other: Model = { ...model, tokenizerFingerprint: async () => '01'.repeat(32) };
  expect((await of(model, { folder: at('pixels') }))[0]).toBe((await of(other, { folder: at('pixels') }))[0]);
  const how = { folder: at('texts'), isOfTexts: true };
  expect((await of(model, how))[0]).not.toBe((await of(other, how))[0]);
});

test('means in place of what was taken out are not told apart, so nothing is kept', async () => {
  const folder = at('none');
  const coca: Model = { ...model, ablated: { sites: ['vision.0'], with: 'mean' } };
  for (const expected of [1, 2]) expect((await of(coca, { folder }))[0]).toBe(expected);
  expect(() => readdirSync(folder)).toThrow('ENOENT');
});

test('what is broken is made anew, and that is told with its name', async () => {
  const folder = at('broken');
  await of(model, { folder });
  const [name] = readdirSync(folder);
  const whole = readFileSync(at(`broken/${name}`));
  truncateSync(at(`broken/${name}`), 20);
  expect((await of(model, { folder }))[0]).toBe(2);
  writeFileSync(at(`broken/${name}`), 'torn');
  expect((await of(model, { folder }))[0]).toBe(3);
  expect(told).toEqual(Array(2).fill(`${at(`broken/${name}`)} was cut: it is made anew`));
  const notANumber = Buffer.from(whole);
  notANumber.writeFloatLE(Number.NaN, whole.length - 4);
  writeFileSync(at(`broken/${name}`), notANumber);
  expect((await of(model, { folder }))[0]).toBe(4);
  expect((await of(model, { folder, length: 4 }))[0]).toBe(5);
  expect((await of(model, { folder, isSound: ([value]) => value !== 5 }))[0]).toBe(6);
  expect(told.slice(2)).toEqual(Array(3).fill(`${at(`broken/${name}`)} is not what was written: it is made anew`));
  expect((await of(model, { folder }))[0]).toBe(6);
});

test('a cache that cannot be written is no error', async () => {
  mkdirSync(at('here'), { recursive: true });
  writeFileSync(at('here/file'), '');
  for (const expected of [1, 2]) expect((await of(model, { folder: at('here/file') }))[0]).toBe(expected);
});
