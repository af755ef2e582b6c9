import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeName } from '../../../src/model/base/file-names.js';
import { newXmp } from '../../../src/model/xmp/merge.js';
import { sidecarOf } from '../../../src/model/xmp/place.js';
import { readSidecar, writeSidecar } from '../../../src/model/xmp/sidecar.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-xmp-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

describe('where a sidecar lies', () => {
  test.each<[string, string[], string]>([
    ['beside the whole name', ['a.jpg'], 'a.jpg.xmp'],
    ['one that is there', ['a.jpg', 'a.xmp'], 'a.xmp'],
    ['of two the one of the whole name', ['a.jpg', 'a.xmp', 'a.jpg.xmp'], 'a.jpg.xmp'],
    ["not that of the camera's raw file", ['a.jpg', 'a.CR2', 'a.xmp'], 'a.jpg.xmp'],
    ['not one that two pictures could own', ['a.jpg', 'a.png', 'a.xmp'], 'a.jpg.xmp'],
    ['a text is no picture', ['a.jpg', 'a.txt', 'a.xmp'], 'a.xmp'],
  ])('%s', async (_, files, expected) => {
    for (const file of files) writeFileSync(at(file), '');
    expect(await sidecarOf(at('a.jpg'))).toBe(at(expected));
  });

  test('names without an extension, and names that are not UTF-8', async () => {
    writeFileSync(at('a'), '');
    expect(await sidecarOf(at('a'))).toBe(at('a.xmp'));
    const odd = at('b\udcff.jpg');
    writeFileSync(encodeName(odd), '');
    await writeSidecar(await sidecarOf(odd), { description: 'a dog' }, false);
    expect(existsSync(encodeName(`${odd}.xmp`))).toBe(true);
    expect((await readSidecar(await sidecarOf(odd)))?.description).toBe('a dog');
  });
});

test.each([
  ['a byte order mark', (text: string) => Buffer.from(`\ufeff${text}`)],
  ['UTF-16, little end first', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['UTF-16, big end first', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
])('%s stays', async (_, encode) => {
  writeFileSync(at('a.xmp'), encode(newXmp({ subjects: ['é'] })));
  await writeSidecar(at('a.xmp'), { subjects: ['dog'] }, false);
  expect(readFileSync(at('a.xmp'))).toEqual(encode(newXmp({ subjects: ['é', 'dog'] })));
});

test('a link stays a link, permissions stay, and nothing is written where nothing changes', async () => {
  mkdirSync(at('other'));
  writeFileSync(at('other/real.xmp'), newXmp({}));
  chmodSync(at('other/real.xmp'), 0o600);
  symlinkSync('other/real.xmp', at('a.xmp'));
  await writeSidecar(at('a.xmp'), { description: 'a dog' }, false);
  expect(lstatSync(at('a.xmp')).isSymbolicLink()).toBe(true);
  expect(statSync(at('other/real.xmp')).mode & 0o777).toBe(0o600);
  expect(readdirSync(at('other'))).toEqual(['real.xmp']);
  const { ino } = statSync(at('other/real.xmp'));
  await writeSidecar(at('a.xmp'), { description: 'another' }, false);
  expect(statSync(at('other/real.xmp')).ino).toBe(ino);
});

test('what cannot be read is refused and left as it is', async () => {
  mkdirSync(at('folder.xmp'));
  symlinkSync('nowhere', at('gone.xmp'));
  writeFileSync(at('latin.xmp'), Buffer.concat([Buffer.from(newXmp({})), Buffer.from([0xe9])]));
  writeFileSync(at('large.xmp'), Buffer.alloc(17 * 2 ** 20, 0x20));
  for (const name of ['folder', 'latin', 'large']) {
    const work = writeSidecar(at(`${name}.xmp`), { description: 'a' }, true);
    await expect(work, name).rejects.toMatchObject({ code: 'unreadable' });
  }
  await expect(writeSidecar(at('gone.xmp'), { description: 'a' }, true)).rejects.toMatchObject({ code: 'not-found' });
  expect(readdirSync(folder).sort()).toEqual(['folder.xmp', 'gone.xmp', 'large.xmp', 'latin.xmp']);
});
