import { expect, test } from 'vitest';
import type { Check } from '../../../src/model/doctor/check.js';
import { type Answers, compared, verifyDevices } from '../../../src/model/doctor/verify.js';

const answers = (image: readonly number[], ids: readonly number[]): Answers => ({
  numbers: { image: Float32Array.from(image), text: Float32Array.of(1) },
  ids: { beam: ids },
});
const REFERENCE = answers([0.5, -0.25], [1, 7, 2]);

test.each<[string, Answers, Check['status'], RegExp]>([
  ['the same', REFERENCE, 'ok', /^largest difference from onnx cpu 0\.0e\+0 \(image\); equal ids$/],
  ['a rounding apart', answers([0.5, -0.2501], [1, 7, 2]), 'ok', / 1\.0e-4 \(image\); equal ids$/],
  ['too far', answers([0.51, -0.25], [1, 7, 2]), 'problem', / 1\.0e-2 \(image\); equal ids$/],
  ['another caption', answers([0.5, -0.25], [1, 8, 2]), 'problem', /; other ids: beam$/],
  ['no number', answers([Number.NaN, -0.25], [1, 7, 2]), 'problem', / Infinity \(image\)/],
  ['another length', answers([0.5], [1, 7, 2]), 'problem', / Infinity \(image\)/],
])('%s', (_, found, status, text) => {
  const check = compared(REFERENCE, found);
  expect(check).toMatchObject({ status, found: expect.stringMatching(text) });
  expect(check.advice === undefined).toBe(status === 'ok');
});

test('a dual encoder has no captions to compare', () => {
  const embeddings = { numbers: REFERENCE.numbers, ids: {} };
  expect(compared(embeddings, embeddings).found).toMatch(/\(image\)$/);
});

test('TensorFlow.js on wasm computes what ONNX Runtime does on the CPU', async () => {
  const context = { signal: new AbortController().signal, onStatus: () => undefined };
  const checks: Check[] = [];
  for await (const check of verifyDevices('scenes', context)) checks.push(check);
  const there = checks.filter(({ status }) => status !== 'absent');
  expect(there.map(({ name }) => name)).toContain('tfjs wasm computes');
  const right = /^largest difference from onnx cpu \d\.\de-[5-9] \(.*\); equal ids$/;
  for (const check of there) expect(check).toMatchObject({ status: 'ok', found: expect.stringMatching(right) });
});
