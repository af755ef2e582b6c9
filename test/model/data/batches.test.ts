import sharp from 'sharp';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Batch, type BatchOptions, batches } from '../../../src/model/data/batches.js';
import { listedClasses } from '../../../src/model/data/classes.js';
import type { Dataset } from '../../../src/model/data/dataset.js';
import { openDataset } from '../../../src/model/data/open.js';
import { type OrderState, readOrderState, startOrder } from '../../../src/model/data/order.js';
import type { Transform } from '../../../src/model/data/prepare.js';
import { openTrainingSet } from '../../../src/model/data/training-set.js';
import { loadPicture, normalise } from '../../../src/model/image/load-picture.js';
import { drawScene } from '../../../src/model/scenes/world/draw.js';
import { loadTokenizer, type Tokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';
import { buildTar } from './build-tar.js';

const { at, write } = temporaryFolder();

const transform: Transform = { picture: { size: 16 }, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4], augment: false };
let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer({
    file: fixture('models/scenes/tokenizer.json'),
    contextLength: 12,
    vocabSize: 1024,
  });
});

/** A picture of one colour, another for each number. */
const colourOf = (i: number) => [(i * 37) % 256, (i * 91) % 256, (i * 151) % 256] as const;
async function png(i: number): Promise<Buffer> {
  const [r, g, b] = colourOf(i);
  return sharp({ create: { width: 24, height: 20, channels: 3, background: { r, g, b } } })
    .png()
    .toBuffer();
}

const SAMPLES = 23;
/** Captions are words of the tokenizer that tell the sample. */
const WORDS =
  'dog cat mouse rabbit horse cow pig ram sheep goat elephant camel giraffe tiger leopard monkey gorilla bear panda koala penguin chicken rooster'.split(
    ' ',
  );

async function jsonl(name: string, extra: readonly string[] = []): Promise<Dataset> {
  const rows: string[] = [...extra];
  for (let i = 0; i < SAMPLES; i++) {
    write(`${i}.png`, await png(i));
    rows.push(JSON.stringify({ image: `${i}.png`, captions: [`a ${WORDS[i]}`, `one ${WORDS[i]}`] }));
  }
  write(name, rows.join('\n'));
  return openDataset(at(name), { needs: 'captions' });
}

async function take(
  dataset: Dataset,
  count: number,
  start: OrderState,
  given: Partial<BatchOptions> = {},
): Promise<Batch[]> {
  const taken: Batch[] = [];
  for await (const batch of batches(dataset, start, { batch: 5, transform, tokenizer, threads: 2, ...given })) {
    taken.push(batch);
    if (taken.length === count) break;
  }
  return taken;
}

const word = (caption: string) => WORDS.indexOf(caption.split(' ')[1]!);

describe('batches', () => {
  let dataset: Dataset;
  beforeEach(async () => {
    dataset = await jsonl('list.jsonl');
  });

  it('hold what the evaluation transform and the tokenizer make of their samples', async () => {
    const [batch] = await take(dataset, 1, startOrder(1));
    expect(batch!.pixels).toHaveLength(5 * 3 * 16 * 16);
    for (const [row, caption] of batch!.captions.entries()) {
      const picture = await loadPicture(await png(word(caption)), transform.picture);
      const expected = normalise([picture], transform.mean, transform.std);
      expect(batch!.pixels.slice(row * expected.length, (row + 1) * expected.length)).toEqual(expected);
      expect(batch!.contexts[row]).toEqual(tokenizer.context(caption));
      expect(batch!.names[row]).toBe(at(`${word(caption)}.png`));
    }
  });

  it('have every sample once an epoch, in another order each time, batches going on over the end', async () => {
    const taken = await take(dataset, 14, startOrder(3)); // 70 samples, three epochs are 69
    const seen = taken.flatMap(({ captions }) => captions.map(word));
    const epochs = [0, 1, 2].map((epoch) => seen.slice(epoch * SAMPLES, (epoch + 1) * SAMPLES));
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual([...Array(SAMPLES).keys()]);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(epochs[1]).not.toEqual(epochs[2]);
    expect(taken[4]!.next).toEqual({ seed: 3, epoch: 1, group: 0, position: 2 });
    // Of two captions now one, now the other.
    expect(new Set(taken.flatMap(({ captions }) => captions.map((caption) => caption.split(' ')[0])))).toEqual(
      new Set(['a', 'one']),
    );
    expect(await take(dataset, 2, startOrder(4))).not.toEqual(taken.slice(0, 2));
  });

  it('are the same bit for bit with any number of threads, ahead or not, and resumed from any batch', async () => {
    const whole = await take(dataset, 12, startOrder(7), { transform: { ...transform, augment: true } });
    const augmented = { transform: { ...transform, augment: true } };
    expect(await take(dataset, 12, startOrder(7), { ...augmented, threads: 1, ahead: 0 })).toEqual(whole);
    for (const after of [0, 3, 4, 9]) {
      // The state goes through a checkpoint's JSON.
      const state = readOrderState(JSON.parse(JSON.stringify(whole[after]!.next)));
      expect(await take(dataset, 2, state, augmented)).toEqual(whole.slice(after + 1, after + 3));
    }
  });

  it('crop at random where that is asked for, otherwise each time', async () => {
    const gradient = Buffer.from(Array.from({ length: 40 * 40 * 3 }, (_, i) => (Math.floor(i / 3) % 40) * 6));
    write(
      'g.png',
      await sharp(gradient, { raw: { width: 40, height: 40, channels: 3 } })
        .png()
        .toBuffer(),
    );
    write('g.jsonl', '{"image": "g.png", "caption": "a dog"}');
    const one = await openDataset(at('g.jsonl'), { needs: 'captions' });
    const crops = (augment: boolean) => take(one, 6, startOrder(0), { batch: 1, transform: { ...transform, augment } });
    const seen = (taken: Batch[]) => new Set(taken.map(({ pixels }) => pixels.join()));
    expect(seen(await crops(false)).size).toBe(1);
    expect(seen(await crops(true)).size).toBe(6);
  });

  it('leave out what cannot be read, and say so', async () => {
    write('bad.png', 'no picture');
    write('cut.png', (await png(1)).subarray(0, 60));
    const broken = await jsonl('b.jsonl', [
      '{"image": "bad.png", "caption": "a dog"}',
      '{"image": "cut.png", "caption": "a dog"}',
      '{"image": "gone.png", "caption": "a dog"}',
      '{"image": "0.png", "caption": "  "}',
      '{"image": "0.png"}',
      '{ oops',
    ]);
    const problems: string[] = [];
    const onProblem = ({ message }: Error) => problems.push(message.replaceAll(at(), ''));
    const taken = await take(broken, 5, startOrder(2), { onProblem, ahead: 1 });
    const seen = taken.flatMap(({ captions }) => captions.map(word));
    expect(seen.slice(0, SAMPLES).sort((a, b) => a - b)).toEqual([...Array(SAMPLES).keys()]);
    // Read ahead, the next epoch may have begun and found some of them again.
    expect([...new Set(problems)].sort()).toEqual([
      expect.stringMatching(/^\/0\.png: no caption, and no question with an answer$/),
      expect.stringMatching(/^\/b\.jsonl, row 6: not JSON/),
      expect.stringMatching(/^\/bad\.png: not a picture that can be read/),
      expect.stringMatching(/^\/cut\.png: /),
      'no such file: /gone.png',
    ]);
  });

  it('cut a caption that is longer than the context, as OpenCLIP does, and say so', async () => {
    write('l.jsonl', `{"image": "0.png", "caption": "${'dog '.repeat(30)}"}`);
    const cut: string[] = [];
    const long = await openDataset(at('l.jsonl'), { needs: 'captions' });
    const [batch] = await take(long, 1, startOrder(0), { batch: 1, onCut: (name) => cut.push(name) });
    expect(batch!.contexts[0]).toHaveLength(12);
    expect(batch!.contexts[0]!.at(-1)).toBe(tokenizer.special.eot);
    expect(cut).toContain(at('0.png'));
  });

  it('for a classifier have classes, and need no captions', async () => {
    const labels = ['dog', 3, 'fox', undefined, 'cat', 'dog'];
    write('c.jsonl', labels.map((label, i) => JSON.stringify({ image: `${i}.png`, label })).join('\n'));
    const labelled = await openTrainingSet(at('c.jsonl'), 0, transform, { needs: 'labels' });
    const classes = listedClasses('dog\ncat\nbird\nfish', 'names');
    const problems = new Set<string>();
    const onProblem = ({ message }: Error) => problems.add(message.replaceAll(at(), ''));
    const [batch] = await take(labelled, 1, startOrder(0), { batch: 4, classes, onProblem });
    const found = batch!.names.map((name, i) => [name.replaceAll(at(), ''), batch!.classes![i]]);
    expect(found.sort()).toEqual([
      ['/0.png', 0],
      ['/1.png', 3],
      ['/4.png', 1],
      ['/5.png', 0],
    ]);
    expect(batch!.contexts.every((context) => context[1] === tokenizer.special.eot)).toBe(true);
    expect([...problems].sort()).toEqual(['/2.png: its label "fox" is no class', '/3.png: no label']);
  });

  it('need as many samples that can be read as one holds', async () => {
    await expect(take(dataset, 1, startOrder(0), { batch: 24 })).rejects.toMatchObject({
      code: 'bad-data',
      message: 'list.jsonl has 23 samples that can be read, fewer than the 24 of a batch',
    });
    write(
      'half.jsonl',
      [...Array(6)].map((_, i) => `{"image": "${i < 3 ? i : 'gone'}.png", "caption": "a dog"}`).join('\n'),
    );
    const half = await openDataset(at('half.jsonl'), { needs: 'captions' });
    await expect(take(half, 1, startOrder(0), { batch: 4 })).rejects.toMatchObject({
      message: expect.stringMatching(/3 samples/),
    });
    expect(await take(half, 1, startOrder(0), { batch: 3 })).toHaveLength(1);
  });

  it('do not go on where the data has become smaller', async () => {
    const beyond = { seed: 0, epoch: 2, group: 0, position: 24 };
    await expect(take(dataset, 1, beyond)).rejects.toMatchObject({
      code: 'bad-data',
      hint: expect.stringMatching(/began/),
    });
    await expect(take(dataset, 1, { ...beyond, group: 1, position: 0 })).rejects.toMatchObject({ code: 'bad-data' });
    for (const value of [null, {}, { seed: 1, epoch: -1, group: 0, position: 0 }, 'x']) {
      expect(() => readOrderState(value)).toThrow(expect.objectContaining({ code: 'bad-data' }));
    }
  });
});

describe('batches of shards', () => {
  /** 40 shards of three samples: more than are mixed at a time. */
  const SHARDS = 40;
  async function shards(damage: (shard: number, bytes: Buffer) => Buffer = (_, bytes) => bytes): Promise<Dataset> {
    const picture = await png(1);
    for (let shard = 0; shard < SHARDS; shard++) {
      const entries = [0, 1, 2].flatMap((i) => [
        { name: `${i}.png`, content: picture },
        { name: `${i}.txt`, content: `${shard} ${i}` },
      ]);
      write(`${String(shard).padStart(2, '0')}.tar`, damage(shard, buildTar(entries)));
    }
    return openDataset(at('{00..39}.tar'), { needs: 'captions' });
  }

  it('have every sample once an epoch, shards in another order each time, and resume', async () => {
    const dataset = await shards();
    const whole = await take(dataset, 24, startOrder(5), { batch: 10 });
    const seen = whole.flatMap(({ captions }) => captions);
    for (const epoch of [seen.slice(0, 120), seen.slice(120)]) expect(new Set(epoch).size).toBe(120);
    expect(seen.slice(0, 120)).not.toEqual(seen.slice(120));
    // Shards are mixed: the first batch has samples of many.
    expect(new Set(whole[0]!.captions.map((caption) => caption.split(' ')[0])).size).toBeGreaterThan(5);
    for (const after of [2, 7, 11, 12]) {
      expect(await take(dataset, 1, whole[after]!.next, { batch: 10 })).toEqual([whole[after + 1]]);
    }
  });

  it('go on past shards that are damaged or gone', async () => {
    const dataset = await shards((shard, bytes) =>
      shard === 3 ? bytes.subarray(0, 2100) : shard === 5 ? Buffer.from('x') : bytes,
    );
    const problems = new Set<string>();
    const onProblem = ({ message }: Error) => problems.add(message.replaceAll(at(), ''));
    const taken = await take(dataset, 11, startOrder(5), { batch: 10, onProblem });
    expect(new Set(taken.flatMap(({ captions }) => captions)).size).toBe(110);
    expect([...problems].sort()).toEqual([
      expect.stringMatching(/^\/03\.tar: the archive ends within/),
      expect.stringMatching(/^\/05\.tar is no tar archive/),
    ]);
  });

  it('say so when there is nothing in them', async () => {
    write('0.tar', buildTar([{ name: 'README', content: '' }]));
    write('1.tar', buildTar([{ name: 'README', content: '' }]));
    const dataset = await openDataset(at('{0,1}.tar'), { needs: 'captions' });
    await expect(take(dataset, 1, startOrder(0))).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(/no samples/),
    });
  });
});

describe('batches of scenes on the fly', () => {
  it('are the scenes of the seed in their order', async () => {
    const dataset = await openTrainingSet('scenes:', 21, transform);
    const taken = await take(dataset, 3, startOrder(0), { batch: 4 });
    expect(taken.flatMap(({ captions }) => captions)).toEqual(
      [...Array(12).keys()].map((i) => drawScene(21, i).caption),
    );
    expect(await take(dataset, 1, taken[1]!.next, { batch: 4 })).toEqual([taken[2]]);
    await expect(openTrainingSet('scenes:', 0, { ...transform, augment: true })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});
