import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listTensors, openSafetensors, readTensor, writeSafetensors } from '../../../src/model/checkpoint/index.js';
import { decodingOptions } from '../../../src/model/decoding/index.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { initModel } from '../../../src/model/store/init.js';
import { inspectModel } from '../../../src/model/store/inspect.js';
import { loadCoca } from '../../../src/model/store/load.js';
import { fixture } from '../../support/golden.js';
import { buildSafetensors } from '../checkpoint/build-safetensors.js';

const SCENES = fixture('models/scenes');
const load = (model: string) => loadCoca({ model, device: 'cpu' });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-load-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the bundled model that a test may spoil. */
function copy(): string {
  const path = join(folder, 'model');
  cpSync(SCENES, path, { recursive: true });
  return path;
}

/** The copy, with its weights rewritten by a function of name and values. */
async function withWeights(
  change: (
    name: string,
    values: Float32Array,
    shape: readonly number[],
  ) => [Float32Array, readonly number[]] | undefined,
): Promise<string> {
  const path = copy();
  const source = await openSafetensors(join(SCENES, 'open_clip_model.safetensors'));
  const tensors = [];
  for (const [name, { shape }] of source.tensors) {
    const changed = change(name, await readTensor(source, name), shape);
    if (changed === undefined) continue;
    const [values, newShape] = changed;
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    tensors.push({ name, dtype: 'F32' as const, shape: newShape, data });
  }
  await writeSafetensors(join(path, 'open_clip_model.safetensors'), tensors);
  return path;
}

/** A safetensors file with other names in its header. */
function renamed(bytes: Buffer, rename: (name: string) => string): Buffer {
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__, ...tensors } = JSON.parse(bytes.toString('utf8', 8, end));
  const names = Object.entries(tensors).map(([name, tensor]) => [rename(name), tensor]);
  return buildSafetensors(JSON.stringify({ __metadata__, ...Object.fromEntries(names) }), bytes.subarray(end));
}

const captionOf = async (model: string) => {
  const coca = await load(model);
  try {
    const picture = await loadPicture(readFileSync(fixture('scenes/0001.png')), coca.preprocess);
    const options = decodingOptions({}, { contextLength: coca.config.text.context_length });
    const { captions } = await coca.caption(await coca.encodeImages([picture]), options);
    return coca.tokenizer.decode(captions[0]![0]!.ids);
  } finally {
    await coca.close();
  }
};

const TRUE_CAPTION = 'a small book on a pink background';

describe('a model is found', () => {
  test('by folder, by weights file, through a link, and in F32', async () => {
    const path = copy();
    expect(await captionOf(path)).toBe(TRUE_CAPTION);
    expect(await captionOf(join(path, 'open_clip_model.safetensors'))).toBe(TRUE_CAPTION);
    // As in a hub cache, where the files of a snapshot are links into a folder of blobs.
    const snapshot = join(folder, 'snapshot');
    mkdirSync(snapshot);
    for (const name of ['open_clip_config.json', 'open_clip_model.safetensors', 'tokenizer.json']) {
      symlinkSync(join('..', 'model', name), join(snapshot, name));
    }
    expect(await captionOf(snapshot)).toBe(TRUE_CAPTION);
    expect(await captionOf(await withWeights((_, values, shape) => [values, shape]))).toBe(TRUE_CAPTION);
  });

  test.each(['module.', '_orig_mod.', 'module._orig_mod.', '_orig_mod.module.'])(
    'with %s before every name, as its wrapper saved it',
    async (prefix) => {
      const path = copy();
      const weights = join(path, 'open_clip_model.safetensors');
      writeFileSync(
        weights,
        renamed(readFileSync(weights), (name) => prefix + name),
      );
      expect(await captionOf(path)).toBe(TRUE_CAPTION);
      expect([...(await listTensors(weights)).tensors.keys()]).toContain('logit_scale');
      const { parameters, weights: facts } = await inspectModel(path);
      expect(parameters).toEqual((await inspectModel(SCENES)).parameters);
      expect(facts).toMatchObject({ file: 'open_clip_model.safetensors', format: 'safetensors' });
    },
  );

  test('with such a prefix, and is refused under the names that the file has', async () => {
    const path = copy();
    const weights = join(path, 'open_clip_model.safetensors');
    const rename = (name: string) => `module.${name === 'logit_scale' ? 'scale' : name}`;
    writeFileSync(weights, renamed(readFileSync(weights), rename));
    const problem = /1 missing \("module\.logit_scale"\); 1 unexpected \("module\.scale"\)$/;
    await expect(load(path)).rejects.toMatchObject({ message: expect.stringMatching(problem) });
    await expect(inspectModel(path)).rejects.toMatchObject({ message: expect.stringMatching(problem) });
  });

  test('by default as the bundled one; where it runs is for those who ask', async () => {
    const [notices, details]: string[][] = [[], []];
    const coca = await loadCoca({
      device: 'cpu',
      onNotice: (text) => notices!.push(text),
      onDetail: (text) => details!.push(text),
    });
    expect(coca).toMatchObject({ name: 'scenes', chosenBy: 'default' });
    expect(notices).toEqual([]);
    expect(details).toEqual([expect.stringMatching(/^the model scenes is in .*fixtures.models.scenes$/)]);
    await coca.close();
  });

  test('by $COCA_MODEL, without that notice', async () => {
    process.env.COCA_MODEL = copy();
    try {
      const notices: string[] = [];
      const coca = await loadCoca({ device: 'cpu', onNotice: (text) => notices.push(text) });
      expect(coca.name).toBe('model');
      expect(notices).toEqual([]);
      await coca.close();
    } finally {
      delete process.env.COCA_MODEL;
    }
  });

  test('a name that is not on this machine says what to do', async () => {
    await expect(load('coca_ViT-B-32')).rejects.toMatchObject({ code: 'not-found' });
    await expect(load(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a model is refused before an engine sees it', () => {
  test('malformed config', async () => {
    const path = copy();
    writeFileSync(join(path, 'open_clip_config.json'), '{"model_cfg": {');
    await expect(load(path)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringMatching(/is not JSON/),
    });
  });

  test('a config that is a pipe, or far too large', async () => {
    const path = copy();
    const file = join(path, 'open_clip_config.json');
    rmSync(file);
    execFileSync('mkfifo', [file]);
    await expect(load(path)).rejects.toMatchObject({ code: 'unreadable', message: expect.stringMatching(/pipe/) });
    rmSync(file);
    writeFileSync(file, Buffer.alloc(2 ** 20 + 1, ' '));
    await expect(load(path)).rejects.toMatchObject({ code: 'unreadable', message: expect.stringMatching(/too many/) });
  });

  test('no config', async () => {
    const path = copy();
    rmSync(join(path, 'open_clip_config.json'));
    await expect(load(path)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/no open_clip_config\.json/),
    });
  });

  test('missing and mis-shaped tensors, all in one error', async () => {
    const path = await withWeights((name, values, shape) => {
      if (name === 'text.cls_emb') return undefined;
      if (name === 'visual.proj') return [values, [shape[0]! / 2, shape[1]! * 2]];
      return [values, shape];
    });
    await expect(load(path)).rejects.toMatchObject({
      code: 'bad-checkpoint',
      message: expect.stringMatching(/text\.cls_emb[\s\S]*visual\.proj/),
    });
  });

  test('a config of another shape than the weights', async () => {
    const path = copy();
    const file = join(path, 'open_clip_config.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    config.model_cfg.vision_cfg.layers = 6;
    writeFileSync(file, JSON.stringify(config));
    await expect(load(path)).rejects.toMatchObject({
      code: 'bad-checkpoint',
      message: expect.stringMatching(/visual\.transformer\.resblocks\.5/),
    });
  });

  test('a vocabulary unlike the embedding', async () => {
    const path = copy();
    rmSync(join(path, 'tokenizer.json')); // CLIP's 49408 tokens do not fit 1024 embeddings
    await expect(load(path)).rejects.toMatchObject({ code: 'bad-tokenizer' });
  });

  test('a device that is not there', async () => {
    const device = process.platform === 'darwin' ? 'dml' : 'coreml';
    await expect(loadCoca({ model: 'scenes', device })).rejects.toMatchObject({ code: 'device' });
  });
});

describe('weights that are not finite are an error, never an empty caption', () => {
  test.each([
    ['visual.conv1.weight', 'bad-checkpoint'],
    ['text_decoder.text_projection', 'engine'],
    ['logit_scale', 'bad-checkpoint'],
  ])('NaN in %s', async (tensor, code) => {
    const path = await withWeights((name, values, shape) => {
      if (name === tensor) values[values.length >> 1] = Number.NaN;
      return [values, shape];
    });
    await expect(captionOf(path)).rejects.toMatchObject({ code });
  });
});

describe('texts', () => {
  test('one longer than the context is refused by name, the empty one is not', async () => {
    const coca = await load('scenes');
    const long = 'a book and '.repeat(20);
    await expect(coca.encodeTexts(['a book', long])).rejects.toMatchObject({ code: 'bad-text' });
    const picture = await loadPicture(readFileSync(fixture('scenes/0001.png')), coca.preprocess);
    const images = await coca.encodeImages([picture]);
    await expect(coca.captionLikelihoods(images, [long])).rejects.toMatchObject({ code: 'bad-text' });
    const [[empty]] = (await coca.captionLikelihoods(images, [''])) as [[{ sum: number; count: number }]];
    expect(empty.count).toBe(1); // the end token
    expect(empty.sum).toBeLessThan(0);
    await coca.close();
  });

  test('many captions give what each gives alone', async () => {
    const coca = await load('scenes');
    const scenes = JSON.parse(readFileSync(fixture('scenes/scenes.json'), 'utf8'));
    const texts: string[] = scenes.slice(0, 12).flatMap((scene: { true_captions: string[] }) => scene.true_captions);
    const pictures = await Promise.all(
      ['0001.png', '0002.png'].map((name) => loadPicture(readFileSync(fixture(`scenes/${name}`)), coca.preprocess)),
    );
    const images = await coca.encodeImages(pictures);
    const together = await coca.captionLikelihoods(images, texts);
    for (const j of [0, 7, texts.length - 1]) {
      const alone = await coca.captionLikelihoods(images, [texts[j]!]);
      for (const i of [0, 1]) {
        expect(together[i]![j]!.sum).toBeCloseTo(alone[i]![0]!.sum, 4);
        expect(together[i]![j]!.count).toBe(alone[i]![0]!.count);
      }
    }
    await coca.close();
  });
});

describe('init', () => {
  const config = join(SCENES, 'open_clip_config.json');
  const make = (name: string, seed: number, dtype: 'F32' | 'F16' = 'F32') =>
    initModel({ config, output: join(folder, name), seed, dtype });
  const weights = (name: string) => readFileSync(join(folder, name, 'open_clip_model.safetensors'));

  test('the same seed gives the same weights, another seed others', async () => {
    const made = await make('a', 7);
    expect(made.tensors).toBe(201);
    await make('b', 7);
    await make('c', 8);
    expect(weights('a').equals(weights('b'))).toBe(true);
    expect(weights('a').equals(weights('c'))).toBe(false);
  });

  test('weights are distributed as OpenCLIP initialises them', async () => {
    await make('a', 1);
    const file = await openSafetensors(join(folder, 'a', 'open_clip_model.safetensors'));
    const deviation = async (name: string) => {
      const values = await readTensor(file, name);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    };
    const width = 192;
    // Standard deviations of TextTransformer.init_parameters; of a uniform distribution, half its width / sqrt(3).
    expect(await deviation('text.token_embedding.weight')).toBeCloseTo(0.02, 3);
    expect(await deviation('text.transformer.resblocks.0.attn.in_proj_weight')).toBeCloseTo(width ** -0.5, 3);
    expect(await deviation('text.transformer.resblocks.0.mlp.c_fc.weight')).toBeCloseTo((2 * width) ** -0.5, 3);
    expect(await deviation('visual.transformer.resblocks.0.attn.in_proj_weight')).toBeCloseTo(
      Math.sqrt(6 / (4 * width)) / Math.sqrt(3),
      3,
    );
    expect(await deviation('visual.conv1.weight')).toBeCloseTo((3 * 12 * 12) ** -0.5 / Math.sqrt(3), 3);
    expect([...(await readTensor(file, 'visual.ln_pre.weight'))].every((value) => value === 1)).toBe(true);
    expect((await readTensor(file, 'logit_scale'))[0]).toBeCloseTo(Math.log(1 / 0.07), 6);
  });

  test('what it makes loads and captions', async () => {
    await make('a', 3, 'F16');
    cpSync(join(SCENES, 'tokenizer.json'), join(folder, 'a', 'tokenizer.json'));
    expect(typeof (await captionOf(join(folder, 'a')))).toBe('string');
  });

  test('it does not overwrite a model, and names the configs it knows', async () => {
    await make('a', 1);
    await expect(make('a', 2)).rejects.toMatchObject({ code: 'write-failed' });
    await expect(initModel({ config: 'coca_XXL', output: folder, seed: 0, dtype: 'F32' })).rejects.toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('coca_ViT-L-14'),
    });
  });
});

describe('what errors call weights', () => {
  const SPOILT = /^(?<file>\S+): its tensors do not fit the config/;

  test('a torch.save archive is called by the name that was given, not by its conversion', async () => {
    const path = join(folder, 'model');
    mkdirSync(path);
    cpSync(fixture('golden/pooled/open_clip_pytorch_model.bin'), join(path, 'epoch_9.pt'));
    cpSync(join(SCENES, 'open_clip_config.json'), join(path, 'open_clip_config.json'));
    cpSync(join(SCENES, 'tokenizer.json'), join(path, 'tokenizer.json'));
    const error = await load(join(path, 'epoch_9.pt')).catch((error: Error) => error);
    expect(SPOILT.exec((error as Error).message)?.groups?.file).toBe(join(path, 'epoch_9.pt'));
  });

  test('so are weights behind a link', async () => {
    const path = await withWeights((name, values, shape) => (name === 'visual.proj' ? undefined : [values, shape]));
    const weights = join(path, 'open_clip_model.safetensors');
    cpSync(weights, join(folder, 'blob'));
    rmSync(weights);
    symlinkSync(join(folder, 'blob'), weights);
    const error = await load(path).catch((error: Error) => error);
    expect(SPOILT.exec((error as Error).message)?.groups?.file).toBe(weights);
  });
});

describe("folders of transformers' models", () => {
  test.each([
    ['clip', /OpenCLIP's form/],
    ['blip', /BLIP is another architecture/],
    ['git', /GIT is another architecture/],
    ['vit', /models of transformers are not read/],
  ])('%s: says what it is, and gives no advice to make a config', async (type, hint) => {
    const path = copy();
    rmSync(join(path, 'open_clip_config.json'));
    writeFileSync(join(path, 'config.json'), JSON.stringify({ model_type: type }));
    const error = await load(path).catch((error: Error) => error);
    expect(error).toMatchObject({
      code: 'bad-checkpoint',
      message: expect.stringContaining(`model_type "${type}"`),
      hint: expect.stringMatching(hint),
    });
    expect((error as { hint?: string }).hint).not.toContain('coca init');
  });

  test('a config.json that says no type is none', async () => {
    const path = copy();
    rmSync(join(path, 'open_clip_config.json'));
    writeFileSync(join(path, 'config.json'), '{"name": "x"}');
    await expect(load(path)).rejects.toMatchObject({ code: 'not-found', hint: expect.stringContaining('--config') });
  });
});
