import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAX_PIXELS } from '../../../src/model/image/load-picture.js';
import { startCoca } from '../../support/cli.js';
import { chunk, headerChunk, SIGNATURE } from '../../support/png.js';

/** Nearly as many pixels as are decoded at all: 356 MB of RGB. */
const SIDE = Math.floor(Math.sqrt(MAX_PIXELS));
const BOUND_MB = 300;

let folder: string;
/** Has the program say, as its last line on stderr, the most memory that it had, in KB. */
let saysMemory: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-large-'));
  saysMemory = join(folder, 'memory.mjs');
  writeFileSync(saysMemory, "process.on('exit', () => console.error(process.resourceUsage().maxRSS));");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function refusal(name: string, file: Uint8Array): Promise<{ line: string; megabytes: number }> {
  const path = join(folder, name);
  writeFileSync(path, file);
  return refusalOf([path]);
}

/** The first line that is said about pictures that are all refused, and the most memory that it took. */
async function refusalOf(args: readonly string[]): Promise<{ line: string; megabytes: number }> {
  const result = await startCoca(['caption', ...args, '--quiet', '--device', 'cpu'], {
    env: { NODE_OPTIONS: `--import=${saysMemory}` },
  });
  expect(result).toMatchObject({ code: 2, stdout: '' });
  const lines = result.stderr.trimEnd().split('\n');
  return { line: lines[0]!, megabytes: Number(lines.at(-1)) / 1024 };
}

test('large files that are no pictures are refused by their beginning, however many are read ahead', async () => {
  const path = join(folder, 'disk.img.jpg');
  writeFileSync(path, '');
  truncateSync(path, 400 * 2 ** 20);
  const { line, megabytes } = await refusalOf([path, path, path, path, '--batch', '4']);
  expect(line).toMatch(/disk\.img\.jpg: not a picture/);
  expect(megabytes).toBeLessThan(BOUND_MB);
});

test('a PNG whose compressed pixels end too early, though its checksums are right', async () => {
  const rows = deflateSync(Buffer.alloc(SIDE * (SIDE + 1)), { level: 1 });
  const file = Buffer.concat([
    SIGNATURE,
    headerChunk(SIDE, SIDE, 8, 0),
    chunk('IDAT', rows.subarray(0, rows.length - 100)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  const { line, megabytes } = await refusal('early.png', file);
  expect(line).toMatch(/early\.png: cannot decode this PNG/);
  expect(megabytes).toBeLessThan(BOUND_MB);
});

test.each(['jpeg', 'webp'] as const)('a %s that is cut short', async (format) => {
  const create = { width: SIDE, height: SIDE, channels: 3, background: '#a47' } as const;
  const file = await sharp({ create, limitInputPixels: false })
    .toFormat(format, format === 'webp' ? { effort: 0 } : {})
    .toBuffer();
  const { line, megabytes } = await refusal(`cut.${format}`, file.subarray(0, Math.floor(file.length * 0.99)));
  expect(line).toMatch(/cannot decode this (JPEG|WebP)/);
  expect(megabytes).toBeLessThan(BOUND_MB);
});

test('a large batch of large files is not held in memory', async () => {
  const path = join(folder, 'long.jpg');
  const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#a47' } })
    .jpeg()
    .toBuffer();
  // What follows the end of a JPEG is nobody's, and costs nothing to decode.
  writeFileSync(path, Buffer.concat([picture, Buffer.alloc(12 * 2 ** 20)]));
  const [files, options] = [Array<string>(64).fill(path), ['--batch', '64', '--strategy', 'greedy']];
  const { code, stdout, stderr } = await startCoca(['caption', ...files, ...options, '--quiet', '--device', 'cpu'], {
    env: { NODE_OPTIONS: `--import=${saysMemory}` },
  });
  expect([code, stdout.trimEnd().split('\n').length]).toEqual([0, files.length]);
  // The files are 768 MB.
  expect(Number(stderr.trimEnd()) / 1024).toBeLessThan(500);
});
