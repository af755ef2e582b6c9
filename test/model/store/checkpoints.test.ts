import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parameterShapes } from '../../../src/model/architecture/parameters.js';
import { openSafetensors, readTensor, writeSafetensors } from '../../../src/model/checkpoint/index.js';
import { parseConfig } from '../../../src/model/config/config.js';
import { namedConfigs } from '../../../src/model/config/configs.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { fittingConfigs } from '../../../src/model/store/find-config.js';
import { initModel } from '../../../src/model/store/init.js';
import { inspectModel } from '../../../src/model/store/inspect.js';
import { loadCoca } from '../../../src/model/store/load.js';
import { resizeGrid, resizeRows } from '../../../src/model/store/positions.js';
import { fixture, worstError } from '../../support/golden.js';

let folder: string;
let cache: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-checkpoints-'));
  cache = process.env.COCA_CACHE;
  process.env.COCA_CACHE = join(folder, 'cache');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  if (cache === undefined) delete process.env.COCA_CACHE;
  else process.env.COCA_CACHE = cache;
});

const SMALL = {
  embed_dim: 8,
  vision_cfg: { image_size: 32, layers: 1, width: 16, head_width: 8, patch_size: 8 },
  text_cfg: { width: 8, heads: 2, layers: 1 },
};

/** A small CLIP, its config beside its weights; with another config, that of the same weights. */
async function smallClip(config: object = SMALL): Promise<string> {
  const path = join(folder, 'small.json');
  writeFileSync(path, JSON.stringify(SMALL));
  await initModel({ config: path, output: join(folder, 'model'), seed: 3, dtype: 'F32' });
  writeFileSync(join(folder, 'model', 'open_clip_config.json'), JSON.stringify({ model_cfg: config }));
  return join(folder, 'model');
}

/** What a model says of a text, and what it told while it was loaded. */
async function featuresOf(model: string, config?: string) {
  const notices: string[] = [];
  const coca = await loadCoca({
    model,
    ...(config !== undefined && { config }),
    device: 'cpu',
    onNotice: (text) => notices.push(text),
  });
  try {
    const [text] = await coca.encodeTexts(['a small dog']);
    const picture = await loadPicture(readFileSync(fixture('scenes/0001.png')), coca.preprocess);
    const { features } = await coca.encodeImages([picture]);
    return { text: text!, image: features[0]!, bias: coca.logitBias, notices };
  } finally {
    await coca.close();
  }
}

describe('tables of positions are interpolated as in OpenCLIP', () => {
  const expected = async (name: string) => {
    const file = await openSafetensors(fixture('dual-encoders/positions.safetensors'));
    return readTensor(file, name);
  };

  test.each([1, 2, 3, 5, 7, 9])('of pictures, for a grid of %i', async (side) => {
    const resized = resizeGrid(await expected('image'), 6, 4, side);
    expect(worstError(resized, await expected(`image.${side}`), 1e-5)).toBeLessThan(1);
  });

  test.each([5, 11, 13, 32])('of texts, for %i ids', async (length) => {
    const resized = resizeRows(await expected('text'), 6, 12, length);
    expect(worstError(resized, await expected(`text.${length}`), 1e-5)).toBeLessThan(1);
  });

  test.each(['onnx', 'tfjs'] as const)('and a model has them, saying so once, on %s', async (engine) => {
    const other = {
      ...SMALL,
      vision_cfg: { ...SMALL.vision_cfg, image_size: 48 },
      text_cfg: { ...SMALL.text_cfg, context_length: 20 },
      init_logit_bias: -10,
    };
    const model = await smallClip(other);
    const notices: string[] = [];
    const device = engine === 'onnx' ? 'cpu' : 'wasm';
    const coca = await loadCoca({ model, engine, device, onNotice: (text) => notices.push(text) });
    expect((await coca.encodeTexts(['a dog']))[0]).toHaveLength(8);
    expect(coca.logitBias).toBe(0);
    await coca.close();
    const remarks = [
      'positions of pictures of 32 pixels are interpolated for 48, as OpenCLIP does it',
      'positions of texts of 77 ids are interpolated for 20, as OpenCLIP does it',
      'the weights have no logit_bias: it is 0, as in OpenCLIP',
    ];
    expect(notices).toEqual(expect.arrayContaining(remarks));
    expect((await inspectModel(model)).remarks).toEqual(remarks);
  });

  test('but tables of another width, or of no square, do not fit', async () => {
    const wide = { ...SMALL, text_cfg: { ...SMALL.text_cfg, width: 12, context_length: 20 } };
    await expect(loadCoca({ model: await smallClip(wide) })).rejects.toMatchObject({
      code: 'bad-checkpoint',
      message: expect.stringMatching(/"positional_embedding" is \[77, 8\] instead of \[20, 12\]/),
    });
  });
});

describe('a checkpoint without its config', () => {
  test('takes the one that is named, by a file or by name', async () => {
    const model = await smallClip();
    const reference = await featuresOf(model);
    const bare = join(folder, 'epoch_3.safetensors');
    renameSync(join(model, 'open_clip_model.safetensors'), bare);
    const found = await featuresOf(bare, join(folder, 'small.json'));
    expect([found.text, found.image]).toEqual([reference.text, reference.image]);
    await expect(featuresOf(bare, 'ViT-B-32')).rejects.toMatchObject({ code: 'bad-checkpoint' });
    await expect(featuresOf(bare, 'ViT-B-33')).rejects.toMatchObject({ code: 'not-found' });
    await expect(featuresOf(bare)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/its shapes are those of no config that is known by name/),
    });
    expect((await inspectModel(bare, join(folder, 'small.json'))).weights.file).toBe('epoch_3.safetensors');
  });

  test.each([
    ['ViT-L-16', ['ViT-L-16']],
    ['coca_ViT-B-32', ['coca_ViT-B-32']],
    // Their activations differ, and no weight tells.
    ['ViT-B-32', ['ViT-B-32-quickgelu', 'ViT-B-32']],
  ])('whose shapes are those of %s can be %j', (name, fitting) => {
    const shapes = parameterShapes(parseConfig(namedConfigs()[name], name));
    const tensors = new Map([...shapes].map(([tensor, shape]) => [tensor, { dtype: 'F32' as const, shape }]));
    expect(fittingConfigs({ path: 'epoch_1.pt', tensors })).toEqual(fitting);
    tensors.delete('visual.proj');
    expect(fittingConfigs({ path: 'epoch_1.pt', tensors })).toEqual([]);
  });

  test('has names of distributed training, also in safetensors', async () => {
    const model = await smallClip();
    const reference = await featuresOf(model);
    const path = join(model, 'open_clip_model.safetensors');
    const source = await openSafetensors(path);
    const tensors = [];
    for (const [name, { shape }] of source.tensors) {
      const values = await readTensor(source, name);
      tensors.push({ name: `module.${name}`, dtype: 'F32' as const, shape, data: new Uint8Array(values.buffer) });
    }
    await writeSafetensors(path, tensors);
    expect((await featuresOf(model)).text).toEqual(reference.text);
  });
});

describe("a folder of OpenCLIP's training", () => {
  async function epochs(names: readonly string[]): Promise<string> {
    const weights = join(await smallClip(), 'open_clip_model.safetensors');
    const run = join(folder, 'checkpoints');
    mkdirSync(run);
    for (const name of names) cpSync(weights, join(run, name));
    cpSync(join(folder, 'model', 'open_clip_config.json'), join(run, 'open_clip_config.json'));
    return run;
  }

  test.each([
    [['epoch_2.pt', 'epoch_10.pt', 'epoch_9.pt'], 'epoch_10.pt'],
    [['epoch_2.pt', 'epoch_latest.pt'], 'epoch_latest.pt'],
  ])('of %j takes %s, and says so', async (names, chosen) => {
    const { notices } = await featuresOf(await epochs(names));
    expect(notices).toContain(`${chosen} is taken, of ${names.length} epochs in ${join(folder, 'checkpoints')}`);
  });

  test('says nothing of one', async () => {
    const { notices } = await featuresOf(await epochs(['epoch_4.pt']));
    expect(notices.join()).not.toMatch(/epoch/);
  });
});

test('a config file that is written is the one that OpenCLIP reads: text names at the top without custom_text', async () => {
  const model = await smallClip();
  const file = await openSafetensors(join(model, 'open_clip_model.safetensors'));
  expect(file.tensors.has('token_embedding.weight')).toBe(true);
  expect(JSON.parse(readFileSync(join(model, 'open_clip_config.json'), 'utf8'))).toHaveProperty('model_cfg');
});
