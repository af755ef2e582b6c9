import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openClipIds } from '../../model/decoding/openclip-generate.js';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

const SCENES = [1, 2, 3].map((number) => join(fixture('scenes'), `000${number}.png`));
/** As the golden data: as many ids as the bundled model has positions for. */
const LENGTH = ['--max-length', '24'];
const expected = openClipIds('scenes');

const idsOf = (stdout: string): unknown[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).ids);

describe('--scoring openclip', () => {
  test.each([
    ['default', ['--groups', '3']],
    ['default', ['--groups', '3', '--diversity', '0']],
    ['one group', []],
    ['greedy', ['--strategy', 'greedy']],
    ['penalty', ['--beams', '4', '--groups', '2', '--repetition-penalty', '1.3']],
  ])("gives the ids of OpenCLIP's generate, %s: %j", async (mode, options) => {
    const { stdout } = await coca([
      'caption',
      ...SCENES,
      '--scoring',
      'openclip',
      ...options,
      ...LENGTH,
      '--jsonl',
      '-q',
    ]);
    expect(idsOf(stdout)).toEqual(expected[mode]!.slice(0, SCENES.length));
  });

  test('the bench knows it', async () => {
    const options = ['--seconds', '0', '--max-length', '24', '--scoring', 'openclip', '--jsonl', '-q'];
    const report = JSON.parse((await coca(['bench', SCENES[0]!, ...options])).stdout);
    expect(report.scoring).toBe('openclip');
    const ids = (wanted: string) => report.measurements.find(({ task }: { task: string }) => task === wanted).ids;
    expect(ids('caption beam')).toEqual(expected['one group']![0]);
    expect(ids('caption greedy')).toEqual(expected.greedy![0]);
  });

  test.each([
    [
      ['--scoring', 'openclip', '--diversity', '0.5', '--groups', '3'],
      /diversity 0.5 means nothing to scoring openclip/,
    ],
    [['--scoring', 'openclip', '--length-penalty', '2'], /length penalty 2 means nothing to scoring openclip/],
    [['--scoring', 'openclip', '--prompt', 'a'], /no prompt for a beam search/],
    [['--scoring', 'beams'], /scoring/],
  ])('refuses what generate does not have: %j', async (options, message) => {
    const { code, stdout, stderr } = await coca(['caption', SCENES[0]!, ...options, '-q']);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
  });
});

describe('--pixels openclip', () => {
  test('does not turn a picture, and upright does', async () => {
    const embed = async (name: string, pixels: string) => {
      const { stdout } = await coca(['embed', join(fixture('pictures'), name), '--pixels', pixels, '--jsonl', '-q']);
      return JSON.parse(stdout).embedding as number[];
    };
    const apart = (a: readonly number[], b: readonly number[]) =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
    const [turned, plain] = [await embed('jpeg-exif-3.jpg', 'openclip'), await embed('jpeg-exif-3.jpg', 'upright')];
    expect(turned.length).toBe(192);
    expect(apart(turned, plain)).toBeGreaterThan(0.01);
    const [one, other] = [await embed('jpeg-444.jpg', 'openclip'), await embed('jpeg-444.jpg', 'upright')];
    expect(apart(one, other)).toBe(0);
  });
});
