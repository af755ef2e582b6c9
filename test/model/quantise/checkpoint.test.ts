import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  openSafetensors,
  readTensor,
  type SafetensorsFile,
  writeSafetensors,
} from '../../../src/model/checkpoint/index.js';
import { blocksOf } from '../../../src/model/quantise/blocks.js';
import { isProduct, quantisedCheckpoint, quantsName, scalesName } from '../../../src/model/quantise/checkpoint.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';

const folder = temporaryFolder();
const SCENES = fixture('models/scenes/open_clip_model.safetensors');

let checkpoint: SafetensorsFile;
let cache: string;
let told: (string | undefined)[];
beforeEach(async () => {
  checkpoint = await openSafetensors(SCENES);
  cache = folder.at(`cache-${Math.random()}`);
  told = [];
});

const made = (source = checkpoint) => quantisedCheckpoint(source, cache, (reason) => told.push(reason));

test('large matrices in blocks, everything else in single precision', async () => {
  const quantised = await made();
  for (const [name, entry] of checkpoint.tensors) {
    if (!isProduct(name, entry)) {
      expect(quantised.tensors.get(name)).toMatchObject({ dtype: 'F32', shape: entry.shape });
      continue;
    }
    const isInOut = /proj(ection)?$/.test(name);
    const [rows, columns] = isInOut ? [entry.shape[1]!, entry.shape[0]!] : (entry.shape as [number, number]);
    const blocks = blocksOf(columns);
    expect(quantised.tensors.has(name)).toBe(false);
    expect(quantised.tensors.get(quantsName(name))).toMatchObject({ dtype: 'U8', shape: [rows, blocks, 64] });
    expect(quantised.tensors.get(scalesName(name))).toMatchObject({ dtype: 'F32', shape: [rows, blocks] });
  }
  expect(await readTensor(quantised, 'visual.ln_post.weight')).toEqual(
    await readTensor(checkpoint, 'visual.ln_post.weight'),
  );
  expect(quantised.given).toBe(SCENES);
});

test('what is multiplied is quantised, and nothing else', () => {
  const products = [...checkpoint.tensors].filter(([name, entry]) => isProduct(name, entry)).map(([name]) => name);
  expect(products.some((name) => /embedding|\.query$|ln_|bias|conv1/.test(name))).toBe(false);
  const twoAxes = [...checkpoint.tensors].filter(([, { shape }]) => shape.length === 2).map(([name]) => name);
  expect(twoAxes.filter((name) => !products.includes(name)).sort()).toEqual([
    'text.positional_embedding',
    'text.token_embedding.weight',
    'visual.attn_pool.query',
    'visual.positional_embedding',
  ]);
});

describe('the file in the cache', () => {
  test('is made once, and found by what the weights are', async () => {
    const first = await made();
    const copy = folder.at('copy.safetensors');
    copyFileSync(SCENES, copy);
    expect((await made(await openSafetensors(copy))).path).toBe(first.path);
    expect(told).toEqual([undefined]);
    expect(await readdir(cache)).toHaveLength(1);
  });

  test('of other weights is another', async () => {
    const first = await made();
    const other = folder.at('other.safetensors');
    const tensors = await Promise.all(
      [...checkpoint.tensors].map(async ([name, { shape }]) => {
        const values = (await readTensor(checkpoint, name)).map((value) => value * 1.01);
        return { name, dtype: 'F32' as const, shape, data: new Uint8Array(values.buffer) };
      }),
    );
    await writeSafetensors(other, tensors);
    expect((await made(await openSafetensors(other))).path).not.toBe(first.path);
  });

  test('that was cut, or changed, is made anew, and the reason told', async () => {
    const { path } = await made();
    const whole = readFileSync(path);
    truncateSync(path, 5000);
    await made();
    expect(told.at(-1)).toBe(`${path} was cut`);
    expect(readFileSync(path).equals(whole)).toBe(true);
    const changed = Buffer.from(whole);
    changed[whole.length - 1]! ^= 1;
    writeFileSync(path, changed);
    await made();
    expect(told.at(-1)).toBe(`${path} was changed`);
    expect(readFileSync(path).equals(whole)).toBe(true);
    await made();
    expect(told).toHaveLength(3);
    expect(statSync(path).size).toBe(whole.length);
  });

  test('weights that are not finite are refused by name, and leave no file', async () => {
    const name = 'text_decoder.text_projection';
    const values = new Float32Array(192 * 8).fill(1);
    values[77] = Number.NaN;
    const path = folder.at('nan.safetensors');
    await writeSafetensors(path, [{ name, dtype: 'F32', shape: [192, 8], data: new Uint8Array(values.buffer) }]);
    await expect(made(await openSafetensors(path))).rejects.toMatchObject({
      code: 'bad-checkpoint',
      message: `${path}: tensor "${name}" has NaN or infinite values`,
    });
    expect(await readdir(cache)).toEqual([]);
  });

  test('a cache that cannot be written is an error', async () => {
    cache = folder.at('file');
    writeFileSync(cache, '');
    await expect(made()).rejects.toMatchObject({
      code: 'write-failed',
      message: expect.stringContaining('quantised weights'),
    });
  });
});
