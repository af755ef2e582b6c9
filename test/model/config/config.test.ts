import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withConfigList } from '../../../scripts/shipped-configs.js';
import { parameterShapes } from '../../../src/model/architecture/parameters.js';
import { CocaError } from '../../../src/model/base/errors.js';
import { openclipModels } from '../../../src/model/base/openclip-models.js';
import { checkShapes, openSafetensors } from '../../../src/model/checkpoint/index.js';
import { imageTokenCount, parseConfig, requireCaptioner } from '../../../src/model/config/config.js';
import { namedConfigs } from '../../../src/model/config/configs.js';
import { fixture } from '../../support/golden.js';

const read = (path: string) => JSON.parse(readFileSync(fixture(path), 'utf8'));
const base = () => read('golden/cascade/open_clip_config.json');

/** What a named config holds, or undefined where it is refused. */
function shapesOf(name: string): ReadonlyMap<string, readonly number[]> | undefined {
  try {
    return parameterShapes(parseConfig(namedConfigs()[name], name));
  } catch (error) {
    expect(error).toMatchObject({ name: 'CocaError', code: 'bad-config' });
    return undefined;
  }
}

/** The cascade config with one field changed. */
function changed(path: string, value: unknown): unknown {
  const json = base();
  const keys = path.split('.');
  const last = keys.pop()!;
  const parent = keys.reduce((object, key) => object[key], json);
  parent[last] = value;
  return json;
}

describe('reading a config', () => {
  test.each(['golden/pooled', 'golden/cascade', 'golden/unpooled', 'models/scenes'])(
    'the shapes that follow from %s are those of its checkpoint, all and no others',
    async (folder) => {
      const config = parseConfig(read(`${folder}/open_clip_config.json`), folder);
      const shapes = parameterShapes(config);
      const checkpoint = await openSafetensors(fixture(`${folder}/open_clip_model.safetensors`));
      expect([...shapes.keys()].sort()).toEqual([...checkpoint.tensors.keys()].sort());
      checkShapes(checkpoint, shapes);
    },
  );

  test('every named config that loads has as many parameters and tensors as in OpenCLIP', () => {
    const counts: Record<string, readonly [number, number]> = read('dual-encoders/parameters.json');
    const loaded: string[] = [];
    for (const [name, expected] of Object.entries(counts)) {
      const shapes = shapesOf(name);
      if (shapes === undefined) continue;
      loaded.push(name);
      const sizes = [...shapes.values()].map((shape) => shape.reduce((a, b) => a * b, 1));
      expect([sizes.reduce((a, b) => a + b, 0), shapes.size], name).toEqual(expected);
    }
    expect(loaded).toEqual(
      expect.arrayContaining(['coca_ViT-L-14', 'ViT-B-32', 'ViT-bigG-14', 'ViT-SO400M-14-SigLIP']),
    );
    expect(imageTokenCount(parseConfig(namedConfigs()['coca_ViT-B-32'], 'x'))).toBe(255);
  });

  test('weights are known by name of configs that load, and of no others', () => {
    for (const name of Object.keys(openclipModels().pretrained)) expect(shapesOf(name), name).toBeDefined();
  });

  test('docs/models.md lists what loads as it is', () => {
    const docs = readFileSync('docs/models.md', 'utf8');
    expect(withConfigList(docs)).toBe(docs);
  });

  test('coca_base, which has no pooler, hands every patch to the decoder', () => {
    const config = parseConfig(namedConfigs().coca_base, 'coca_base');
    expect(config.vision.attentional_pool).toBe(false);
    expect(imageTokenCount(config)).toBe(16 * 16);
  });

  test('a bare model config and one wrapped in model_cfg are the same', () => {
    const wrapped = base();
    const { special_ids, ...bare } = parseConfig(wrapped, 'x');
    expect(special_ids).toEqual({ sot: 62, eot: 63, pad: 0 });
    expect(parseConfig(wrapped.model_cfg, 'x')).toEqual({ ...bare, special_ids: null });
  });
});

describe('a config without a multimodal half is a dual encoder', () => {
  const clip = { embed_dim: 20, vision_cfg: {}, text_cfg: {} };

  test('whose fields that change nothing are named, as are those that OpenCLIP does not read', () => {
    const config = parseConfig(
      {
        model_cfg: { ...clip, vision_cfg: { output_tokens: true } },
        preprocess_cfg: { size: 99, mean: 0.5, std: 0.25, crop_pct: 0.9 },
        trained_on: 'everything',
      },
      'x',
    );
    expect(config.multimodal).toBeNull();
    expect(config.preprocess).toMatchObject({ mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
    expect(config.ignored).toEqual([
      'vision_cfg.output_tokens',
      'preprocess_cfg.size',
      'preprocess_cfg.crop_pct',
      'trained_on',
    ]);
    expect(() => requireCaptioner(config, 'a caption')).toThrow(/no captioner, which a caption needs/);
  });

  test("whose positions and dropout are a captioner's, and of whose padding no search knows", () => {
    const { vision, pad_id, ignored } = parseConfig(
      { ...clip, vision_cfg: { pos_embed_type: 'sin_cos_2d', patch_dropout: 0.5 } },
      'x',
    );
    expect(vision).toMatchObject({ pos_embed_type: 'sin_cos_2d', patch_dropout: 0.5 });
    expect(pad_id).toBeNull();
    expect(ignored).toEqual([]);
  });

  test.each([
    [{ ...clip, pad_id: 0 }, /pad_id is a field that this network does not know/],
    [{ ...clip, vision_cfg: { width: 66, head_width: 66, pos_embed_type: 'sin_cos_2d' } }, /the parts of sin_cos_2d/],
    [{ ...clip, text_cfg: { embed_cls: true } }, /text_cfg\.embed_cls is true/],
    [{ ...clip, text_cfg: { pool_type: 'none' } }, /text_cfg\.pool_type is "none"; this network knows "argmax"/],
    [{ ...clip, text_cfg: { proj_type: 'mlp' } }, /text_cfg\.proj_type is "mlp"/],
    [{ ...clip, text_cfg: { proj_type: 'none' } }, /proj_type "none" makes text embeddings of width 512/],
    [{ ...clip, text_cfg: { hf_model_name: 'roberta-base' } }, /text_cfg\.hf_model_name is "roberta-base"/],
    [{ ...clip, vision_cfg: { layers: [3, 4, 6, 3] } }, /vision_cfg\.layers/],
    [
      { ...clip, quick_gelu: true, text_cfg: { act_kwargs: { approximate: 'tanh' } } },
      /text_cfg\.act_kwargs is for GELU/,
    ],
    [{ ...clip, custom_text: true, text_cfg: { embed_cls: true, no_causal_mask: true } }, /no_causal_mask/],
  ])('%j is refused', (json, message) => {
    expect(() => parseConfig(json, 'x')).toThrow(message);
  });
});

describe('a config is refused, naming the field', () => {
  test.each([
    ['model_cfg.vision_cfg.layers', 1e9, /vision_cfg\.layers must be a whole number from 1 to 1024/],
    ['model_cfg.vision_cfg.layers', [3, 4, 6, 3], /vision_cfg\.layers/],
    ['model_cfg.vision_cfg.width', -24, /vision_cfg\.width/],
    ['model_cfg.vision_cfg.width', '24', /vision_cfg\.width must be a whole number.*"24"/],
    ['model_cfg.vision_cfg.width', 25, /vision_cfg\.width \(25\) is no multiple of vision_cfg\.head_width \(12\)/],
    ['model_cfg.vision_cfg.mlp_ratio', 'NaN', /vision_cfg\.mlp_ratio/],
    ['model_cfg.vision_cfg.mlp_ratio', 0, /vision_cfg\.mlp_ratio of 0 makes a hidden layer 0 wide/],
    ['model_cfg.text_cfg.mlp_ratio', 1e6, /text_cfg\.mlp_ratio of 1000000 makes a hidden layer 24000000 wide/],
    ['model_cfg.vision_cfg.width', 'w'.repeat(2 ** 20), /vision_cfg\.width must be .* not "w{79}\.\.\.$/],
    [
      'model_cfg.vision_cfg.timm_model_name',
      'vit_base',
      /timm_model_name is "vit_base"; of timm's towers this network has/,
    ],
    ['model_cfg.vision_cfg.qk_norm', true, /vision_cfg\.qk_norm is true/],
    ['model_cfg.vision_cfg.norm_kwargs', { elementwise_affine: false }, /vision_cfg\.norm_kwargs\.elementwise_affine/],
    [
      'model_cfg.vision_cfg.act_kwargs',
      { approximate: 'tanh' },
      /vision_cfg\.act_kwargs is for GELU, and quick_gelu is true/,
    ],
    ['model_cfg.vision_cfg.attentional_pool', 'triple', /attentional_pool is "triple"; this network knows/],
    ['model_cfg.vision_cfg.pool_type', 'none', /pool_type/],
    ['model_cfg.vision_cfg.image_size', [40, 80], /image_size is \[40,80\]; this network only knows squares/],
    ['model_cfg.vision_cfg.frobnicate', 1, /vision_cfg\.frobnicate is a field that this network does not know/],
    ['model_cfg.text_cfg.hf_model_name', 'roberta-base', /text_cfg\.hf_model_name is "roberta-base"/],
    ['model_cfg.text_cfg.embed_cls', false, /text_cfg\.embed_cls is false/],
    ['model_cfg.text_cfg.proj_bias', true, /text_cfg\.proj_bias/],
    ['model_cfg.text_cfg.width', 48, /text_cfg\.width \(48\) and multimodal_cfg\.width \(24\) differ/],
    ['model_cfg.multimodal_cfg.heads', 5, /multimodal_cfg\.width \(24\) is no multiple of multimodal_cfg\.heads/],
    ['model_cfg.multimodal_cfg.width', 32, /cannot attend image tokens of width 24/],
    ['model_cfg.multimodal_cfg.act_kwargs', { approximate: 'tanh' }, /multimodal_cfg\.act_kwargs/],
    ['model_cfg.embed_dim', 36, /cascade" applies ln_post/],
    ['model_cfg.vision_cfg', null, /vision_cfg is missing/],
    ['preprocess_cfg.mean', [0.5], /mean must be a number or a list of 3/],
    ['preprocess_cfg.std', [1, 0, 1], /std must be positive/],
    ['preprocess_cfg.interpolation', 'nearest', /interpolation is "nearest"/],
    ['model_cfg.surprise', 1, /surprise is a field that this network does not know/],
  ])('%s = %j', (path, value, message) => {
    let error: unknown;
    try {
      parseConfig(changed(path, value), 'here.json');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(CocaError);
    expect(error).toMatchObject({ code: 'bad-config', message: expect.stringMatching(message) });
    expect((error as CocaError).message).toMatch(/^here\.json: /);
  });

  test.each([null, [], 'text', 3])('%j is no object', (json) => {
    expect(() => parseConfig(json, 'x')).toThrow(CocaError);
  });
});

describe('whatever a config says', () => {
  const values = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(0, -1, 1e9, 2 ** 53, 0.5, '24', '__proto__', null, true, [], {}),
  );

  test('it is refused by name, or describes a network of finite size', () => {
    const sound = base();
    const sections = ['model_cfg', 'preprocess_cfg', 'special_ids'];
    const paths = sections.flatMap((name) =>
      Object.entries(sound[name] ?? {}).flatMap(([key, value]) =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? Object.keys(value).map((inner) => `${name}.${key}.${inner}`)
          : [`${name}.${key}`],
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...paths), values), { minLength: 1, maxLength: 3 }), (changes) => {
        const json = structuredClone(sound);
        for (const [path, value] of changes) {
          const keys = path.split('.');
          const parent = keys.slice(0, -1).reduce((object, key) => object?.[key], json);
          if (typeof parent === 'object' && parent !== null) parent[keys.at(-1)!] = value;
        }
        try {
          for (const shape of parameterShapes(parseConfig(json, 'config.json')).values()) {
            expect(shape.every((size) => Number.isSafeInteger(size) && size > 0)).toBe(true);
          }
        } catch (error) {
          expect(error).toMatchObject({ name: 'CocaError', code: 'bad-config' });
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('nested a hundred thousand times it is refused', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"model_cfg":', '}'],
      ['{"model_cfg":{"embed_dim":', '}}'],
    ]) {
      const text = `${open!.repeat(100_000)}1${close!.repeat(100_000)}`;
      expect(() => parseConfig(JSON.parse(text), 'x')).toThrow(CocaError);
    }
  });
});
