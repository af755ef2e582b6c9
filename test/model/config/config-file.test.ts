import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readJsonFile } from '../../../src/model/config/config-file.js';

const folder = mkdtempSync(join(tmpdir(), 'coca-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['lists', '[', ']'],
  ['objects', '{"a":', '}'],
])('%s within each other are read to a depth that any recursion can follow', async (_, open, close) => {
  const path = join(folder, 'config.json');
  const nested = (levels: number) => `${open.repeat(levels)}${open === '[' ? '' : '1'}${close.repeat(levels)}`;
  writeFileSync(path, nested(100));
  expect(JSON.stringify(await readJsonFile(path))).toBe(nested(100));
  for (const levels of [101, 100_000]) {
    writeFileSync(path, nested(levels));
    await expect(readJsonFile(path)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining(path),
    });
  }
});
