import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DeviceHost, describeChoice } from '../../../../src/model/engine/devices.js';
import type { TfjsDevice } from '../../../../src/model/engine/engines.js';
import { openBackend } from '../../../../src/model/engine/tfjs/backends.js';
import { chooseTfjsDevice } from '../../../../src/model/engine/tfjs/devices.js';
import { findPackage } from '../../../../src/model/engine/tfjs/packages.js';

/** A machine whose devices in `working` compute. */
const host = (working: readonly TfjsDevice[], dev: readonly string[] = []): DeviceHost<TfjsDevice> => ({
  platform: 'linux',
  env: {},
  list: (folder) => (folder === '/dev' ? dev : []),
  tryDevice: async (device) => {
    if (!working.includes(device)) throw new Error('not installed');
  },
});

describe('auto', () => {
  test.each<[readonly TfjsDevice[], readonly string[], text: string, isDetail: boolean]>([
    [['node-gpu', 'node', 'webgpu', 'wasm'], ['nvidia0'], 'running on node-gpu', true],
    [['node', 'webgpu', 'wasm'], ['nvidia0'], 'running on node (node-gpu: not installed)', false],
    [['node', 'wasm'], [], 'running on node (node-gpu: no NVIDIA GPU)', true],
    [['wasm'], [], 'running on wasm (node-gpu: no NVIDIA GPU; node: not installed; webgpu: no GPU)', true],
    [
      [],
      ['nvidia0'],
      'running on cpu (node-gpu: not installed; node: not installed; webgpu: not installed; wasm: not installed)',
      false,
    ],
  ])('of %j with %j', async (working, dev, text, isDetail) => {
    expect(describeChoice(await chooseTfjsDevice('auto', host(working, dev)))).toEqual({ text, isDetail });
  });
});

test('a device that is not there is an error that says what to install', async () => {
  await expect(
    chooseTfjsDevice('webgpu', {
      ...host([], ['nvidia0']),
      tryDevice: async (device) => void (await openBackend(device)),
    }),
  ).rejects.toMatchObject({
    code: 'device',
    message: expect.stringMatching(/^the device webgpu cannot run here: /),
    hint: expect.stringContaining('npm install webgpu'),
  });
});

test('without a GPU that is the reason, and nothing is tried', async () => {
  await expect(chooseTfjsDevice('webgpu', host(['webgpu']))).rejects.toMatchObject({
    code: 'device',
    message: expect.stringMatching(/^the device webgpu cannot run here: no GPU/),
    hint: expect.stringContaining('it needs a GPU'),
  });
});

describe('optional packages are found', () => {
  let folder: string;
  const main = (where: string) => join(folder, where, 'node_modules', 'webgpu', 'index.js');
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'coca-packages-')));
    for (const where of ['one', 'two', 'cache/tfjs']) {
      mkdirSync(join(main(where), '..'), { recursive: true });
      writeFileSync(main(where), '');
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['in the folders of $COCA_TFJS_PATH, in their order', { COCA_TFJS_PATH: ['none', 'two', 'one'] }, 'two'],
    ['in the cache folder', { COCA_TFJS_PATH: [] }, 'cache/tfjs'],
  ])('%s', (_, env, expected) => {
    const path = env.COCA_TFJS_PATH.map((name) => join(folder, name)).join(delimiter);
    const found = findPackage('webgpu', { COCA_TFJS_PATH: path, COCA_CACHE: join(folder, 'cache') });
    expect(found).toBe(main(expected));
  });

  test('and nowhere else: not in the working directory', () => {
    expect(findPackage('@tensorflow/tfjs-node-gpu', { COCA_CACHE: join(folder, 'none') })).toBeUndefined();
  });
});
