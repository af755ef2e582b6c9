import { describe, expect, test } from 'vitest';
import { parsePlace } from '../../../src/model/architecture/places.js';
import { openSafetensors, readTensor, type SafetensorsFile } from '../../../src/model/checkpoint/safetensors.js';
import { chainOf } from '../../../src/model/decoding/types.js';
import type { Activation, Block, Change, Probe } from '../../../src/model/engine/network.js';
import { fixture, GOLDEN_MODELS, type GoldenName, readIds, worstError } from '../../support/golden.js';
import { type EngineUnderTest, opened, withTrees } from './golden-suite.js';

/** What a changed place leads to, as PyTorch's hooks have it (scripts/reference/interventions.py). */
export function describeInterventions(engine: EngineUnderTest): void {
  describe.each(GOLDEN_MODELS)(`%s model, opened, on ${engine.label}`, (name) => interventionTests(engine, name));
}

function interventionTests(engine: EngineUnderTest, name: GoldenName): void {
  const under = opened(engine, name);
  const { tolerance } = engine;

  const block = async (file: SafetensorsFile, tensor: string): Promise<Block> => {
    const shape = file.tensors.get(tensor)!.shape as readonly number[] as Block['shape'];
    return { data: await readTensor(file, tensor), shape };
  };
  const expected = () => openSafetensors(fixture(`golden/${name}/interventions.safetensors`));
  const changeOf = async (file: SafetensorsFile, place: string): Promise<Change> => {
    const [scale, offset] = [await block(file, `scale.${place}`), await block(file, `offset.${place}`)];
    return { ...parsePlace(place), scale, offset };
  };
  const placesOf = (file: SafetensorsFile, kind: string) =>
    [...file.tensors.keys()].filter((key) => key.startsWith(`${kind}.`)).map((key) => key.slice(kind.length + 1));

  const run = async (ids: readonly number[], probe: Probe) => {
    const { data, shape } = await under.reference.expected('pixel_values');
    const images = await under.network.encodeImages(data.slice(0, (2 * data.length) / shape[0]!), 2, probe);
    const texts = await under.network.encodeTexts((await under.reference.texts()).slice(0, 2), probe);
    const rows = chainOf(ids.slice(0, -1));
    const logits = await withTrees(
      under.network,
      images.tokens,
      async (trees) => Float32Array.from((await trees.extend([rows, rows])).flatMap(({ logits }) => [...logits])),
      probe,
    );
    return { image_features: images.features, text_features: texts.features, logits };
  };

  test('what is at every place', async () => {
    const file = await expected();
    const seen = new Map<string, Activation>();
    await run([...readIds(file, 'ids')], {
      // The caption's rows come after the text tower's.
      onActivation: (activation) => seen.set(`${activation.part}.${activation.name}.${activation.layer}`, activation),
    });
    const places = placesOf(file, 'plain');
    expect(new Set(seen.keys())).toEqual(new Set(places));
    for (const place of places) {
      const { data, shape } = await block(file, `plain.${place}`);
      const actual = seen.get(place)!;
      const [, rows, width] = actual.shape;
      // The reference's texts also have a CLS, last.
      const kept = [0, 1].flatMap((entry) => {
        const from = entry * shape[1] * width;
        return [...data.subarray(from, from + rows * width)];
      });
      expect(worstError(actual.data, kept, tolerance), place).toBeLessThan(1);
    }
  });

  test('what each layer would say, were it the last', async () => {
    const file = await expected();
    const places = placesOf(file, 'lens');
    expect(places.length).toBe(1 + under.reference.config.multimodal.layers);
    for (const place of places) {
      const logits = await block(file, `lens.${place}`);
      const { data, shape } = await block(file, `plain.${place}`);
      const [count, rows, width] = [logits.shape[0], logits.shape[1], shape[2]];
      const kept = new Float32Array(count * rows * width);
      for (let entry = 0; entry < count; entry++) {
        const from = entry * shape[1] * width;
        kept.set(data.subarray(from, from + rows * width), entry * rows * width);
      }
      const actual = await under.network.readOut({ data: kept, shape: [count, rows, width] });
      expect(worstError(actual, logits.data, tolerance), place).toBeLessThan(1);
    }
  });

  test('what follows from a change at every place', async () => {
    const file = await expected();
    const ids = [...readIds(file, 'ids')];
    const untouched = await run(ids, {});
    for (const place of placesOf(file, 'scale')) {
      const changed = await run(ids, { changes: [await changeOf(file, place)] });
      for (const [output, actual] of Object.entries(changed) as [keyof typeof changed, Float32Array][]) {
        if (output === 'text_features' && !file.tensors.has(`text_features.attention.text.0`)) continue;
        const tensor = file.tensors.has(`${output}.${place}`)
          ? await readTensor(file, `${output}.${place}`)
          : undefined;
        expect(worstError(actual, tensor ?? untouched[output], tolerance), `${output} by ${place}`).toBeLessThan(1);
      }
    }
  });

  test('gradients of a changed network', async () => {
    const file = await expected();
    const place = 'attention.decoder_self.0';
    const whole = await changeOf(file, place);
    const [scale, offset] = [whole.scale, whole.offset].map(({ data, shape }) => {
      return { data: data.slice(0, shape[2]), shape: [1, 1, shape[2]] as const };
    });
    const { data, shape } = await under.reference.expected('pixel_values');
    const { tokens } = await under.network.encodeImages(data.slice(0, data.length / shape[0]!), 1);
    const changes = [{ ...whole, scale: scale!, offset: offset! }];
    const gradients = await under.network.crossGradients(tokens, [...readIds(file, 'ids')], { changes });
    const actual = Float32Array.from(gradients.flatMap((layer) => [...layer.data]));
    expect(worstError(actual, await readTensor(file, 'gradients'), tolerance)).toBeLessThan(1);
    const unchanged = await under.network.crossGradients(tokens, [...readIds(file, 'ids')]);
    expect(worstError(Float32Array.from(unchanged.flatMap((layer) => [...layer.data])), actual)).toBeGreaterThan(1);
  });
}
