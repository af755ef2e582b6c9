import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readConfigJson } from '../../../src/model/config/config-file.js';

const folder = mkdtempSync(join(tmpdir(), 'coca-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each<[string, Buffer]>([
  ['UTF-8 with a mark', Buffer.from('\ufeff{"a": "é"}')],
  ['UTF-16', Buffer.from('\ufeff{"a": "é"}', 'utf16le')],
  ['UTF-16 of the other order', Buffer.from('\ufeff{"a": "é"}', 'utf16le').swap16()],
])('a config in %s is read', async (_, bytes) => {
  const path = join(folder, 'encoded.json');
  writeFileSync(path, bytes);
  expect(await readConfigJson(path)).toEqual({ a: 'é' });
});

test('a config in Windows-1252 is refused with its line', async () => {
  const path = join(folder, 'latin.json');
  writeFileSync(path, Buffer.from('{\n"a": "\xe9"}', 'latin1'));
  await expect(readConfigJson(path)).rejects.toMatchObject({
    code: 'unreadable',
    message: `${path}, line 2: is not UTF-8 (byte 0xE9 at column 7)`,
  });
});

test.each([
  ['lists', '[', ']'],
  ['objects', '{"a":', '}'],
])('%s within each other are read to a depth that any recursion can follow', async (_, open, close) => {
  const path = join(folder, 'config.json');
  const nested = (levels: number) => `${open.repeat(levels)}${open === '[' ? '' : '1'}${close.repeat(levels)}`;
  writeFileSync(path, nested(100));
  expect(JSON.stringify(await readConfigJson(path))).toBe(nested(100));
  for (const levels of [101, 100_000]) {
    writeFileSync(path, nested(levels));
    await expect(readConfigJson(path)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining(path),
    });
  }
});
