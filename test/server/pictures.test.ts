import { mkdirSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type PictureSources, pictureOf } from '../../src/server/pictures.js';
import { temporaryFolder } from '../support/folder.js';

const { at, write } = temporaryFolder();
const { signal } = new AbortController();
const open = (value: unknown, sources: Partial<PictureSources> = {}) =>
  pictureOf(value, 'image', { limit: 100, ...sources }, signal);

test('a picture comes as bytes or as a data URL', async () => {
  const bytes = Buffer.from('picture');
  expect(await open(bytes)).toEqual({ name: '-', bytes });
  expect(await open(`data:image/png;base64,${bytes.toString('base64')}`)).toEqual({ name: '-', bytes });
  expect(await open(`data:;base64,${bytes.toString('base64url')}`)).toEqual({ name: '-', bytes });
});

test.each([17, null, {}, ['data:'], 'data:image/png,abc', 'data:image/png;base64,', 'data:image/png;base64,a*b'])(
  'what is none is refused by the name of its field: %j',
  async (value) => {
    await expect(open(value)).rejects.toMatchObject({ status: 400, more: { param: 'image' } });
  },
);

test('files and addresses are opened by a server that was told to alone', async () => {
  await expect(open('/etc/hostname')).rejects.toMatchObject({ status: 403 });
  await expect(open('http://127.0.0.1/a.png')).rejects.toMatchObject({ status: 403 });
});

test('files inside the folder, by whichever path, and none outside of it', async () => {
  mkdirSync(at('in'));
  write('in/a.png', 'inside');
  write('in/deep/b.png', 'deep');
  write('inside-not.png', 'outside');
  write('secret.png', 'outside');
  symlinkSync(at('secret.png'), at('in/link.png'));
  symlinkSync(at('in'), at('way'));
  symlinkSync('a.png', at('in/own.png'));
  const sources = { allowPath: at('way') };
  const read = async (name: string) => (await open(name, sources)).bytes.toString();
  expect(await open('a.png', sources)).toEqual({ name: 'a.png', bytes: Buffer.from('inside') });
  expect(await read('deep/../a.png')).toBe('inside');
  expect(await read('own.png')).toBe('inside');
  expect(await read('deep/b.png')).toBe('deep');
  for (const name of ['../secret.png', at('secret.png'), 'link.png', '../inside-not.png', '/etc/hostname', '.', '..']) {
    await expect(open(name, sources), name).rejects.toMatchObject({ status: 403 });
  }
  await expect(open('c.png', sources)).rejects.toMatchObject({ status: 404 });
  await expect(open('a.png', { ...sources, limit: 3 })).rejects.toMatchObject({ status: 413 });
  await expect(open('deep', sources)).rejects.toMatchObject({ code: 'unreadable' });
});

test.each([
  'http://127.0.0.1:2222/a.png',
  'http://localhost:2222/a.png',
  'http://[::1]:2222/a.png',
  'http://[::ffff:10.0.0.1]/a.png',
  'http://0.0.0.0:2222/',
  'http://0x7f.1/',
  'http://2130706433/',
  'http://10.1.2.3/',
  'http://172.16.0.1/',
  'http://192.168.1.1/',
  'http://169.254.169.254/latest/meta-data',
  'http://100.64.0.1/',
  'http://[fe80::1]/',
  'http://[fd00::1]/',
])('no address of this machine or its network: %s', async (url) => {
  await expect(open(url, { allowUrl: 'public' })).rejects.toMatchObject({ code: 'denied' });
});
