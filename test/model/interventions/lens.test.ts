import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSafetensors, readTensor } from '../../../src/model/checkpoint/index.js';
import { CocaModel } from '../../../src/model/coca.js';
import { Encoding } from '../../../src/model/encoding.js';
import { OnnxNetwork } from '../../../src/model/engine/onnx/network.js';
import { type Lens, logitLens } from '../../../src/model/interventions/lens.js';
import { fixture, GOLDEN_MODELS, golden, readIds } from '../../support/golden.js';
import { WORD_TOKENIZER } from '../../support/word-tokenizer.js';

describe.each(GOLDEN_MODELS)('%s model', (name) => {
  let coca: CocaModel;
  let lens: Lens;
  let ids: number[];
  beforeAll(async () => {
    const { config, checkpoint, expected } = await golden(name);
    const network = await OnnxNetwork.open(config, { checkpoint }, 'cpu');
    coca = await CocaModel.create({
      ...{ name, config, network, checkpoint },
      ...{ tokenizer: WORD_TOKENIZER, precision: 'fp32', chosenBy: 'caller' },
    });
    const { data, shape } = await expected('pixel_values');
    const encoded = await network.encodeImages(data.slice(0, data.length / shape[0]!), 1);
    ids = [...readIds(await openSafetensors(fixture(`golden/${name}/interventions.safetensors`)), 'ids')];
    lens = await logitLens(coca, new Encoding(1, encoded, 0, undefined), ids);
  });
  afterAll(() => coca.close());

  test("each cell is PyTorch's reading of what leaves the layer", async () => {
    const file = await openSafetensors(fixture(`golden/${name}/interventions.safetensors`));
    const { text, multimodal } = coca.config;
    const places = [`text.${text.layers - 1}`, ...[...Array(multimodal!.layers).keys()].map((l) => `cross.${l}`)];
    expect(lens.layers).toEqual(['text', ...places.slice(1)]);
    expect(lens.cells.map((cells) => cells.length)).toEqual(places.map(() => ids.length - 1));
    for (const [l, place] of places.entries()) {
      const { shape } = file.tensors.get(`lens.residual.${place}`)!;
      const logits = await readTensor(file, `lens.residual.${place}`);
      const vocabSize = shape[2]!;
      for (const [r, cell] of lens.cells[l]!.entries()) {
        const row = [...logits.subarray(r * vocabSize, (r + 1) * vocabSize)];
        const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
        const probabilities = row.map((logit) => Math.exp(logit) / sum);
        const order = [...row.keys()].sort((a, b) => row[b]! - row[a]!);
        expect(cell.probability).toBeCloseTo(probabilities[ids[r + 1]!]!, 5);
        expect(cell.rank).toBe(order.indexOf(ids[r + 1]!) + 1);
        expect(cell.entropy).toBeCloseTo(-probabilities.reduce((h, p) => h + p * Math.log(p), 0), 4);
        expect(cell.top.map(({ id }) => id)).toEqual(order.slice(0, 5));
        for (const { id, probability } of cell.top) expect(probability).toBeCloseTo(probabilities[id]!, 5);
      }
    }
  });

  test('the last row is what the model says', async () => {
    const { expected } = await golden(name);
    const { data, shape } = await expected('pixel_values');
    const network = await OnnxNetwork.open(coca.config, { checkpoint: (await golden(name)).checkpoint }, 'cpu');
    const image = await network.encodeImages(data.slice(0, data.length / shape[0]!), 1);
    const [logprobs] = await coca.readCaption(new Encoding(1, image, 0, undefined), ids);
    await network.release();
    for (const [r, cell] of lens.cells.at(-1)!.entries()) {
      expect(Math.log(cell.probability)).toBeCloseTo(logprobs![r]!, 4);
    }
  });
});
