import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { weightsFingerprint } from '../../../src/model/checkpoint/index.js';

const folder = mkdtempSync(join(tmpdir(), 'coca-fingerprint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function of(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'weights');
  writeFileSync(path, bytes);
  return weightsFingerprint(path);
}

test('is that of the bytes, wherever they lie', async () => {
  const bytes = Buffer.from('some weights');
  const one = await of(bytes);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  const elsewhere = join(folder, 'elsewhere');
  writeFileSync(elsewhere, bytes);
  expect(await weightsFingerprint(elsewhere)).toBe(one);
});

test('tells lengths, first bytes, last bytes and a training step apart', async () => {
  const large = Buffer.alloc(8 * 2 ** 20, 1);
  const first = Buffer.from(large);
  first[0] = 2;
  const last = Buffer.from(large);
  last[last.length - 1] = 2;
  const trained = Buffer.from(large);
  for (let at = 0; at < trained.length; at += 4) trained[at] = 2;
  const files = [Buffer.alloc(0), Buffer.of(0), Buffer.alloc(2), large, first, last, trained, large.subarray(1)];
  const fingerprints: string[] = [];
  for (const bytes of files) fingerprints.push(await of(bytes));
  expect(new Set(fingerprints).size).toBe(files.length);
});

test('of a file that is not there is an error', async () => {
  await expect(weightsFingerprint(join(folder, 'none'))).rejects.toMatchObject({ code: 'not-found' });
});
