import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initModel } from '../../src/model/store/init.js';
import { coca } from '../support/cli.js';
import { fixture } from '../support/golden.js';

const PICTURE = fixture('scenes/0001.png');
const LONG = 'a small dog '.repeat(40);

let folder: string;
let model: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coca-dual-encoders-'));
  const config = join(folder, 'small.json');
  const vision_cfg = { image_size: 32, layers: 1, width: 16, head_width: 8, patch_size: 8 };
  writeFileSync(config, JSON.stringify({ embed_dim: 8, vision_cfg, text_cfg: { width: 8, heads: 2, layers: 1 } }));
  model = join(folder, 'clip');
  await initModel({ config, output: model, seed: 3, dtype: 'F32' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => coca([...args, '--model', model, '--device', 'cpu']);

describe('a dual encoder', () => {
  test('ranks, also with where it looked', async () => {
    const { code, stdout } = await run('rank', PICTURE, 'a dog', 'a cat', '--attend', '--json');
    expect(code).toBe(0);
    const [{ results, attention }] = JSON.parse(stdout);
    const sum = results.reduce((total: number, { probability }: { probability: number }) => total + probability, 0);
    expect(sum).toBeCloseTo(1, 6);
    expect(attention).toMatchObject({ method: 'cross', grid: [4, 4] });
    expect(results[0]).not.toHaveProperty('truncated');
  });

  test('classifies, embeds, is measured and timed', async () => {
    const classified = JSON.parse((await run('classify', PICTURE, '--labels', 'dog,cat', '--json')).stdout);
    expect(classified[0].results.map(({ rank }: { rank: number }) => rank)).toEqual([1, 2]);
    const embedded = JSON.parse((await run('embed', PICTURE, '--text', 'a dog', '--json')).stdout);
    expect(embedded.map(({ embedding }: { embedding: number[] }) => embedding.length)).toEqual([8, 8]);
    const measured = JSON.parse((await run('eval', '--retrieval', '--limit', '4', '--json')).stdout);
    expect(measured[0].metrics['image_retrieval_recall@10']).toBe(1);
    const pair = { image_0: PICTURE, image_1: fixture('scenes/0003.png'), caption_0: 'a book', caption_1: 'a taxi' };
    writeFileSync(join(folder, 'pairs.jsonl'), JSON.stringify(pair));
    const paired = JSON.parse((await run('eval', join(folder, 'pairs.jsonl'), '--winoground', '--json')).stdout);
    expect(Object.keys(paired[0].metrics)).toEqual(['text_score', 'image_score', 'group_score']);
    const timed = JSON.parse((await run('bench', '--seconds', '0', '--json')).stdout);
    expect(timed[0].measurements.map(({ task }: { task: string }) => task)).toEqual([
      'encode image',
      'encode image',
      'encode text',
    ]);
    const [facts] = JSON.parse((await coca(['models', 'info', model, '--json'])).stdout);
    expect(facts).toMatchObject({ captions: false, parameters: { multimodal: 0 }, ignored: [] });
  });

  test.each([
    ['caption', ['caption', PICTURE]],
    ['attend', ['attend', PICTURE, 'a dog']],
    ['step', ['step', PICTURE]],
    ['rank --by caption', ['rank', PICTURE, 'a dog', 'a cat', '--by', 'caption']],
    ['eval --captioning', ['eval', '--captioning']],
    ['eval --pointing', ['eval', '--pointing']],
  ])('says that it has no captioner: %s', async (name, args) => {
    const { code, stdout, stderr } = await run(...args, '--quiet');
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(`the model has no captioner, which ${name} needs`);
  });

  test('says so in a session, which goes on', async () => {
    const { stdout, stderr } = await coca(['repl', '--model', model, '--device', 'cpu'], {
      input: `open ${PICTURE}\ncaption\nrank a dog | a cat\n`,
    });
    expect(stderr).toMatch(/has no captioner, which caption needs/);
    expect(stdout).toMatch(/a cat/);
  });
});

describe('a text that is longer than the context', () => {
  test('is cut, which is told once and in JSON', async () => {
    const ranked = await run('rank', PICTURE, 'a dog', LONG, '--json');
    expect(ranked.stderr.match(/is longer than the model's context: it is cut, as OpenCLIP does it/g)).toHaveLength(1);
    const [{ results }] = JSON.parse(ranked.stdout);
    const flags = results.map(({ caption, truncated }: { caption: string; truncated?: true }) => [caption, truncated]);
    expect(flags).toEqual(
      expect.arrayContaining([
        ['a dog', undefined],
        [LONG, true],
      ]),
    );
    const embedded = JSON.parse((await run('embed', '--text', LONG, `${LONG} and more`, '--json')).stdout);
    expect(embedded[0]).toMatchObject({ truncated: true });
    // Both are cut to the same ids.
    expect(embedded[0].embedding).toEqual(embedded[1].embedding);
    const classified = JSON.parse((await run('classify', PICTURE, '--labels', `dog,${LONG}`, '--json')).stdout);
    expect(classified[0].results.filter(({ truncated }: { truncated?: true }) => truncated)).toHaveLength(1);
  });

  test('is refused with --strict', async () => {
    const embedded = await run('embed', '--text', 'a dog', LONG, '--jsonl', '--strict');
    expect(embedded.code).toBe(1);
    expect(embedded.stdout).toMatch(/"error":\{"code":"bad-text"/);
    expect((await run('classify', PICTURE, '--labels', LONG, '--strict')).code).toBe(2);
  });
});
