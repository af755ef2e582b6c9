import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { filmFrames } from '../../../src/model/video/film.js';
import { movingKind, videoKind } from '../../../src/model/video/kinds.js';

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-film-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** Whether there is an ffmpeg with what the files below are made with; where not, only its stand-ins are run. */
const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

describe('kinds of files, by their first bytes', () => {
  const box = (brand: string) => Buffer.from(`\0\0\0\x14ftyp${brand}\0\0\0\0${brand}`, 'latin1');
  test.each<[string, Buffer, string | undefined]>([
    ['mp4', box('isom'), 'mov'],
    ['quicktime', box('qt  '), 'mov'],
    ['Matroska and WebM', Buffer.from('1a45dfa3', 'hex'), 'matroska'],
    ['AVI', Buffer.from('RIFF....AVI LIST'), 'avi'],
    ['sound', box('M4A '), undefined],
    ['AVIF', box('avif'), undefined],
    ['HEIC', box('heic'), undefined],
    ['a playlist that names other files', Buffer.from('#EXTM3U\nhttp://example.org/a.ts\n'), undefined],
    ['a list for the concat demuxer', Buffer.from("ffconcat version 1.0\nfile '/etc/passwd'\n"), undefined],
    ['nothing', Buffer.alloc(0), undefined],
  ])('%s', (_, bytes, expected) => expect(videoKind(bytes)).toBe(expected));

  test('pictures that move', () => {
    expect(movingKind(box('avis'))).toBe('mov');
    expect(movingKind(box('avif'))).toBeUndefined();
    expect(movingKind(Buffer.from('\x89PNG\r\n\x1a\n..IHDR..acTL..IDAT', 'latin1'))).toBe('apng');
    expect(movingKind(Buffer.from('\x89PNG\r\n\x1a\n..IHDR..IDAT..acTL', 'latin1'))).toBeUndefined();
  });
});

describe.skipIf(process.platform === 'win32')('a program in the place of ffmpeg', () => {
  /** Puts scripts on the PATH, and nothing else of these names. */
  function stand(ffprobe: string, ffmpeg = 'exit 1'): void {
    const bin = mkdtempSync(at('bin-'));
    for (const [name, script] of Object.entries({ ffprobe, ffmpeg })) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`);
  }
  const film = (name = 'clip.mp4') => ({ name, path: at(name), demuxer: 'mov' as const });
  const LIST = 'echo "packet|pts_time=0.0|flags=K_"; echo "stream|width=4|height=4|nb_frames=1"';

  test('is told the demuxer, the protocols and the file, none of which a name can change', async () => {
    stand(
      `for a in "$@"; do echo "$a" >> ${at('probe')}; done\n${LIST}`,
      `for a in "$@"; do echo "$a" >> ${at('mpeg')}; done; echo PNG`,
    );
    const name = "-i http:'; touch pwned #.mp4";
    await filmFrames(film(name), 1);
    for (const log of ['probe', 'mpeg']) {
      const given = readFileSync(at(log), 'utf8').split('\n');
      expect(given[given.indexOf('-protocol_whitelist') + 1]).toBe('file,pipe');
      expect(given[given.indexOf('-f') + 1]).toBe('mov');
      expect(given[given.indexOf('-i') + 1]).toBe(`file:${at(name)}`);
    }
    expect(readFileSync(at('mpeg'), 'utf8')).toMatch(/-nostdin\n[\s\S]*-max_pixels\n120000000\n/);
    expect(existsSync('pwned')).toBe(false);
  });

  test('is missing: says what to install', async () => {
    const empty = at('empty');
    mkdirSync(empty);
    vi.stubEnv('PATH', empty);
    await expect(filmFrames(film(), 1)).rejects.toMatchObject({
      code: 'missing-program',
      message: expect.stringContaining('ffprobe, which reads videos, is not on the PATH'),
      hint: expect.stringContaining('install ffmpeg'),
    });
  });

  test('hangs: it is ended, with what it has started', async () => {
    stand(`sleep 600 & echo $! > ${at('pid')}; wait`);
    const milliseconds = 500;
    await expect(filmFrames(film(), 1, { milliseconds })).rejects.toMatchObject({
      code: 'bad-video',
      message: 'clip.mp4: ffprobe had not done after 0.5 s',
    });
    await expectEnded(Number(readFileSync(at('pid'), 'utf8')));
  });

  test('is ended when its user stops', async () => {
    stand(`sleep 600 & echo $! > ${at('other')}; wait`);
    const stop = new AbortController();
    const frames = filmFrames(film(), 1, { signal: stop.signal });
    const found = expect(frames).rejects.toMatchObject({ code: 'interrupted' });
    await vi.waitFor(() => expect(readFileSync(at('other'), 'utf8')).not.toBe(''), 20_000);
    stop.abort();
    await found;
    await expectEnded(Number(readFileSync(at('other'), 'utf8')));
  });

  test('writes without end: it is ended at the bound', async () => {
    stand('exec cat /dev/zero');
    await expect(filmFrames(film(), 1)).rejects.toMatchObject({
      code: 'bad-video',
      message: expect.stringMatching(/ffprobe wrote more than \d+ bytes/),
    });
  });

  test('complains without end: the beginning is kept', async () => {
    stand('yes "[mov @ 0x1] moov atom not found" | head -c 4000000 >&2; exit 1');
    await expect(filmFrames(film(), 1)).rejects.toMatchObject({
      code: 'bad-video',
      message: expect.stringMatching(/\(ffmpeg says: moov atom not found\)$/),
    });
  });

  test.each([
    ['garbage', 'head -c 5000 /dev/urandom', /has no pictures/],
    ['a video of no frames', 'echo "stream|width=4|height=4|nb_frames=0"', /is a video of no frames/],
    [
      'fewer frames than announced',
      `${LIST} | sed s/nb_frames=1/nb_frames=9/`,
      /cut short: it says it has 9 frames, and 1 are there/,
    ],
    ['too many pixels', `${LIST} | sed s/width=4/width=400000000/`, /of the 120 million at most/],
    ['times that are none', LIST.replace('0.0', 'N/A'), /does not tell when/],
    ['a frame that cannot be decoded', LIST, /cannot be decoded/],
  ])('gives %s', async (_, ffprobe, message) => {
    stand(ffprobe);
    await expect(filmFrames(film(), 1)).rejects.toMatchObject({
      code: 'bad-video',
      message: expect.stringMatching(message),
    });
  });
});

/** Waits until a process is gone; one that has ended and was not yet waited for counts as gone. */
async function expectEnded(pid: number): Promise<void> {
  await vi.waitFor(() => {
    const isThere = (): boolean => {
      try {
        process.kill(pid, 0);
        return !existsSync('/proc') || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      } catch {
        return false;
      }
    };
    expect(isThere()).toBe(false);
  }, 20_000);
}

describe.skipIf(!hasFfmpeg)('ffmpeg (not tested where there is none)', () => {
  /** Frame k of 20 is all of luma 10 k, of the limited range that videos have. */
  function made(name: string, ...codec: string[]): string {
    const source = "color=black:s=64x48:r=10:d=2,geq=lum='10*N':cb=128:cr=128";
    const { status, stderr } = spawnSync('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      source,
      ...codec,
      at(name),
    ]);
    expect(status, String(stderr)).toBe(0);
    return at(name);
  }
  const film = (path: string) => {
    const bytes = readFileSync(path);
    return { name: 'clip', path, demuxer: (videoKind(bytes) ?? movingKind(bytes))! };
  };
  const grayOf = async (bytes: Uint8Array) => (await sharp(bytes).raw().toBuffer())[0]!;

  test.each([
    ['a.mp4', '-c:v', 'mpeg4', '-bf', '2'],
    ['a.mkv', '-c:v', 'mpeg4', '-g', '100'],
    ['late.mkv', '-c:v', 'mpeg4', '-bf', '1', '-output_ts_offset', '7'],
    ['a.avi', '-c:v', 'mpeg4', '-q:v', '2'],
    ['a.flv', '-c:v', 'flv1', '-g', '7', '-q:v', '2'],
    ['a.wmv', '-c:v', 'wmv2', '-q:v', '2'],
    ['a.apng', '-c:v', 'apng', '-pix_fmt', 'rgb24'],
  ])('%s: the very frames, at their times', async (name, ...codec) => {
    const frames = await filmFrames(film(made(name, ...codec)), 5);
    expect(frames.map(({ index, time }) => [index, time])).toEqual(
      [2, 6, 10, 14, 18].map((index) => [index, index / 10]),
    );
    const grays = await Promise.all(frames.map(({ bytes }) => grayOf(bytes)));
    for (const [i, { index }] of frames.entries()) {
      const full = ((10 * index - 16) * 255) / 219;
      // Neighbours are 11.6 apart.
      expect(Math.abs(grays[i]! - full)).toBeLessThan(4);
    }
  });

  test.each([
    ['cut.mp4', ['-c:v', 'mpeg4']],
    ['begun.mp4', ['-c:v', 'mpeg4', '-movflags', '+faststart']],
    ['cut.mkv', ['-c:v', 'mpeg4']],
    ['cut.avi', ['-c:v', 'mjpeg']],
  ])('%s, cut short: never frames of half a video', async (name, codec) => {
    const bytes = readFileSync(made(name, ...codec));
    writeFileSync(at(name), bytes.subarray(0, Math.floor(0.8 * bytes.length)));
    await expect(filmFrames(film(at(name)), 3)).rejects.toMatchObject({ code: 'bad-video' });
  });

  test('sound alone', async () => {
    spawnSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac', at('sound.mp4')]);
    await expect(filmFrames(film(at('sound.mp4')), 3)).rejects.toMatchObject({
      message: expect.stringContaining('has no pictures'),
    });
  });
});
