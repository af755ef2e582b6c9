import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../../src/model/base/folders.js';

test('makes all that is missing, does not mind what is there, and ends where nothing can be made', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coca-folders-'));
  try {
    await makeFolder(join(folder, 'a', 'b', 'c'));
    await makeFolder(join(folder, 'a', 'b', 'c'));
    expect(existsSync(join(folder, 'a', 'b', 'c'))).toBe(true);
    writeFileSync(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(folder, 'file', 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    if (process.platform === 'linux')
      await expect(makeFolder('/proc/nope/x')).rejects.toMatchObject({ code: 'ENOENT' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('many that make the same folders in the same moment all end well', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coca-folders-'));
  try {
    for (let round = 0; round < 20; round++) {
      const parts = [String(round), 'a', 'b', 'c', 'd', 'e'];
      const ways = parts.map((_, i) => join(folder, ...parts.slice(0, i + 1)));
      await Promise.all([...ways, ...ways.toReversed()].map(makeFolder));
      expect(existsSync(ways.at(-1)!)).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
