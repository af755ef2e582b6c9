import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { weightsFile } from '../../../src/model/checkpoint/index.js';
import { refusal, temporaryFolder } from './temporary.js';

const root = temporaryFolder();
let count = 0;

function folderOf(...names: readonly string[]): string {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  for (const name of names) writeFileSync(join(folder, name), '');
  return folder;
}

describe('weightsFile', () => {
  it.each([
    [
      'open_clip_model.safetensors',
      ['model.safetensors', 'open_clip_pytorch_model.bin', 'open_clip_model.safetensors'],
    ],
    ['open_clip_pytorch_model.bin', ['a.safetensors', 'model.safetensors', 'open_clip_pytorch_model.bin']],
    ['model.safetensors', ['a.safetensors', 'model.safetensors', 'model.safetensors.index.json']],
    ['epoch_3.safetensors', ['epoch_3.safetensors', 'epoch_2.pt', 'open_clip_config.json']],
    ['epoch_3.pt', ['epoch_3.pt', 'open_clip_config.json']],
    ['epoch_10.pt', ['epoch_10.pt', 'epoch_9.pt', 'epoch_best.pt']],
    ['epoch_latest.pt', ['epoch_10.pt', 'epoch_latest.pt']],
    ['WEIGHTS.BIN', ['WEIGHTS.BIN']],
  ])('finds %s', async (expected, names) => {
    const folder = folderOf(...names);
    expect(await weightsFile(folder)).toBe(join(folder, expected));
  });

  it('takes a file as it is, whatever its name', async () => {
    const path = join(folderOf('weights'), 'weights');
    expect(await weightsFile(path)).toBe(path);
  });

  it('says what it looked for', async () => {
    const error = await refusal(weightsFile(folderOf('open_clip_config.json')), 'not-found');
    expect(error.message).toMatch(
      /no weights.*open_clip_model\.safetensors, open_clip_pytorch_model\.bin, model\.safetensors/,
    );
  });

  it('does not choose among several', async () => {
    const error = await refusal(weightsFile(folderOf('a.pt', 'b.pt', 'c.bin', 'd.pth', 'e.bin')), 'not-found');
    expect(error.message).toMatch(/several files could be the weights: a\.pt, b\.pt, c\.bin, d\.pth and 1 more$/);
  });

  it('refuses sharded weights', async () => {
    const folder = folderOf('model-00001-of-00002.safetensors', 'model.safetensors.index.json');
    expect((await refusal(weightsFile(folder))).message).toMatch(/index\.json: the weights are sharded/);
    const index = join(folder, 'model.safetensors.index.json');
    expect((await refusal(weightsFile(index))).message).toMatch(/sharded/);
  });

  it('says what is wrong with a path', async () => {
    await refusal(weightsFile(join(root, 'missing')), 'not-found');
    const loop = join(root, 'loop');
    symlinkSync(loop, loop);
    expect((await refusal(weightsFile(loop), 'unreadable')).message).toMatch(/loop/);
  });
});
