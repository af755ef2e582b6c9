import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openSafetensors, readTensor, writeSafetensors } from '../../../../src/model/checkpoint/index.js';
import { decodingOptions } from '../../../../src/model/decoding/index.js';
import { loadPicture } from '../../../../src/model/image/load-picture.js';
import { readClassifier } from '../../../../src/model/store/classifier.js';
import { loadCoca } from '../../../../src/model/store/load.js';
import type { NewRun } from '../../../../src/model/training/run/run.js';
import { temporaryFolder } from '../../../support/folder.js';
import { eventsOf, jsonLines, newRun, runToEnd, scenePairs } from '../../../support/training-run.js';
import { buildTar } from '../../data/build-tar.js';

const { at, write } = temporaryFolder();
const MODEL = 'open_clip_model.safetensors';
const bytes = (...names: string[]) => readFileSync(at(...names));
const folders = (run: string) => readdirSync(at(run)).filter((name) => name.startsWith('step-'));

/** A run in the folder `name` that stops after some steps. */
const stoppedAt = (name: string, step: number, run: NewRun) =>
  runToEnd(at(name), run, {
    onEvent: (event, control) => event.type === 'step' && event.step === step && control.stop(),
  });

describe('a resumed run', () => {
  test.each([
    ['whole batches', {}],
    ['a batch in pieces, random crops', { accumulate: 2, augment: true }],
  ])('goes on bit for bit: %s', async (_, settings) => {
    const run = newRun(at(), { settings });
    const whole = await runToEnd(at('whole'), run);
    const first = await stoppedAt('parts', 2, run);
    expect(first.at(-1)).toMatchObject({ type: 'done', reason: 'stopped', step: 2 });
    const second = await runToEnd(at('parts'), {});
    const reports = [...eventsOf(first, 'step'), ...eventsOf(second, 'step')].map(({ report }) => report);
    expect(reports).toEqual(eventsOf(whole, 'step').map(({ report }) => report));
    for (const file of [MODEL, 'training-state.safetensors', 'tokenizer.json', 'open_clip_config.json']) {
      expect(bytes('parts', 'latest', file).equals(bytes('whole', 'latest', file))).toBe(true);
    }
  });

  test('has a log without what was done twice, and tells it', async () => {
    const run = newRun(at());
    await stoppedAt('run', 3, run);
    // What a killed run leaves: a step that no checkpoint has, and a line that was never finished.
    const log = readFileSync(at('run', 'log.jsonl'), 'utf8');
    writeFileSync(at('run', 'log.jsonl'), `${log}{"type":"step","step":4,"loss":1}\n{"type":"st`);
    const [start] = eventsOf(await runToEnd(at('run'), {}), 'start');
    expect(start!.facts.history.at(-1)).toMatchObject({ type: 'done', step: 3 });
    const lines = readFileSync(at('run', 'log.jsonl'), 'utf8').trimEnd().split('\n');
    const steps = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'step');
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps[3].loss).not.toBe(1);
  });

  test('that is over is told so, unless it is to have more steps', async () => {
    await runToEnd(at('run'), newRun(at(), { length: { steps: 1 } }));
    await expect(runToEnd(at('run'), {})).rejects.toMatchObject({ code: 'usage', message: /all of its 1 steps/ });
    expect((await runToEnd(at('run'), { steps: 2 })).at(-1)).toMatchObject({ reason: 'finished', step: 2 });
  });

  test('needs a run', async () => {
    await expect(runToEnd(at('nothing'), {})).rejects.toMatchObject({ code: 'not-found' });
    write('empty/file', '');
    await expect(runToEnd(at('empty'), {})).rejects.toMatchObject({ code: 'not-found', message: /no checkpoint/ });
    expect(readdirSync(at('empty'))).toEqual(['file']);
  });
});

describe('a checkpoint that was harmed', () => {
  test.each<[string, string, (path: string) => void]>([
    ['cut short', MODEL, (path) => writeFileSync(path, readFileSync(path).subarray(0, -5))],
    [
      'with one bit that fell over',
      'training-state.safetensors',
      (path) => {
        const content = readFileSync(path);
        content[content.length - 9]! ^= 1;
        writeFileSync(path, content);
      },
    ],
    ['without its weights', MODEL, (path) => renameSync(path, `${path}.gone`)],
    ['whose description is none', 'training.json', (path) => writeFileSync(path, '{"version":1')],
    [
      'whose description was changed',
      'training.json',
      (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('"batch": 3', '"batch": -3')),
    ],
  ])('%s: the one before it is taken, with a warning', async (_, file, harm) => {
    await runToEnd(at('run'), newRun(at(), { length: { steps: 4 } }), { saveEvery: 2 });
    expect(folders('run')).toEqual(['step-00000002', 'step-00000004']);
    harm(at('run', 'step-00000004', file));
    const events = await runToEnd(at('run'), {});
    expect(eventsOf(events, 'start')[0]!.facts.step).toBe(2);
    expect(eventsOf(events, 'warning')[0]!.message).toMatch(/step-00000004[\s\S]*; it is now .*step-00000004\.harmed$/);
    expect(events.at(-1)).toMatchObject({ reason: 'finished', step: 4 });
    expect(readlinkSync(at('run', 'latest'))).toBe('step-00000004');
  });

  test('and no other: an error that names every reason', async () => {
    await runToEnd(at('run'), newRun(at(), { length: { steps: 1 } }));
    for (const folder of folders('run')) writeFileSync(at('run', folder, MODEL), 'no weights');
    const failed = runToEnd(at('run'), { steps: 2 });
    await expect(failed).rejects.toMatchObject({ code: 'bad-checkpoint', message: /step-00000001.*step-00000000/ });
  });
});

test('learns four pictures by heart, and every engine says what it learned', async () => {
  const pairs = scenePairs(4);
  const run = newRun(at(), { settings: { batch: 4, learningRate: 6e-3 }, length: { steps: 80 } });
  const events = await runToEnd(at('run'), run, { sampleEvery: 40 });
  const { losses } = eventsOf(events, 'step').at(-1)!.report;
  expect(losses.contrastive).toBeLessThan(0.01);
  expect(losses.captioning).toBeLessThan(0.2);
  const said = eventsOf(events, 'caption');
  expect(said.map(({ step }) => step)).toEqual([0, 40, 80]);
  expect(said.at(-1)!.text).toBe(pairs[0]!.caption);
  expect(said[0]!.text).not.toBe(pairs[0]!.caption);
  const coca = await loadCoca({ model: at('run') });
  try {
    const pictures = await Promise.all(pairs.map(({ image }) => loadPicture(readFileSync(image), coca.preprocess)));
    const images = await coca.encodeImages(pictures);
    const { captions } = await coca.caption(images, decodingOptions({ strategy: 'greedy' }, coca.tokenizer));
    expect(captions.map(([best]) => coca.tokenizer.decode(best!.ids))).toEqual(pairs.map(({ caption }) => caption));
  } finally {
    await coca.close();
  }
});

test('checkpoints come when they are due and when they are asked for; the newest are kept', async () => {
  const events = await runToEnd(at('run'), newRun(at()), {
    saveEvery: 2,
    onEvent: (event, control) => event.type === 'step' && event.step === 5 && control.save(),
  });
  expect(eventsOf(events, 'checkpoint').map(({ step }) => step)).toEqual([0, 2, 4, 5, 6]);
  expect(folders('run')).toEqual(['step-00000005', 'step-00000006']);
  expect(readdirSync(at('run')).sort()).toEqual(['latest', 'log.jsonl', 'step-00000005', 'step-00000006']);
});

test('what is frozen stays as it is', async () => {
  await runToEnd(at('run'), newRun(at(), { settings: { freeze: ['vision', 'logit_scale'] }, length: { steps: 2 } }));
  const [before, after] = [
    await openSafetensors(at('run', 'step-00000000', MODEL)),
    await openSafetensors(at('run', 'step-00000002', MODEL)),
  ];
  for (const name of before.tensors.keys()) {
    const isSame = Buffer.from((await readTensor(before, name)).buffer).equals(
      Buffer.from((await readTensor(after, name)).buffer),
    );
    expect([name, isSame]).toEqual([name, name.startsWith('visual.') || name === 'logit_scale']);
  }
});

test('epochs are as many steps as their samples fill', async () => {
  const run = newRun(at(), { length: { epochs: 1.5 } });
  expect((await runToEnd(at('run'), run)).at(-1)).toMatchObject({ step: 2 });
  const scenes = newRun(at(), { settings: { data: ['scenes:'] }, length: { epochs: 1 } });
  await expect(runToEnd(at('scenes'), scenes)).rejects.toMatchObject({ code: 'usage', message: /no epochs/ });
});

describe('what goes wrong', () => {
  test('numbers that are not finite: it stops, the checkpoint before is kept and named', async () => {
    const run = newRun(at(), { settings: { learningRate: 1e20, warmup: 0, clipNorm: 0 } });
    const failed = runToEnd(at('run'), run);
    await expect(failed).rejects.toMatchObject({
      code: 'diverged',
      message: /step 2 is not finite.*the last checkpoint, of step 0, is kept in .*step-00000000/,
    });
    expect(folders('run')).toEqual(['step-00000000']);
    const log = readFileSync(at('run', 'log.jsonl'), 'utf8').trimEnd().split('\n');
    expect(JSON.parse(log.at(-1)!)).toMatchObject({ type: 'warning', message: /not finite/ });
    expect(readdirSync(at('run'))).not.toContain('run.lock');
  });

  test.each<[string, string, string, object]>([
    ['no samples', 'none.jsonl', '', { code: 'bad-data', message: /no samples/ }],
    ['a missing column', 'table.csv', 'filepath,text\na.png,a\n', { code: 'bad-data', message: /no column "title"/ }],
    ['fewer samples than a batch', 'one.jsonl', jsonLines(scenePairs(1)), { code: 'bad-data', message: /fewer than/ }],
    ['an unknown format', 'data.xyz', 'x', { code: 'bad-data', message: /unknown format/ }],
  ])('%s: an error, and nothing is left behind', async (_, name, content, error) => {
    const settings = { data: [write(name, content)] };
    const run: NewRun = { ...newRun(at(), { settings }), start: { kind: 'model', model: 'scenes' } };
    await expect(runToEnd(at('run'), run)).rejects.toMatchObject(error);
    // A batch is made only once the first checkpoint is there.
    expect(existsSync(at('run'))).toBe(name === 'one.jsonl');
  });

  test('a vocabulary of another size than the config has', async () => {
    const { start, ...rest } = newRun(at());
    const config = (start as { config: string }).config;
    const failed = runToEnd(at('run'), { ...rest, start: { kind: 'fresh', config } });
    await expect(failed).rejects.toMatchObject({ code: 'bad-tokenizer', hint: /--train-tokenizer/ });
    const other = at('gone.json');
    const missing = runToEnd(at('run'), { ...rest, start: { kind: 'fresh', config, tokenizer: other } });
    await expect(missing).rejects.toMatchObject({ code: 'not-found' });
    expect(existsSync(at('run'))).toBe(false);
  });

  test('samples that cannot be read and captions that are too long are told and counted', async () => {
    const pairs = scenePairs(4);
    const long = { ...pairs[0]!, caption: 'very '.repeat(50) };
    const data = write('mixed.jsonl', `${jsonLines([...pairs, long, { image: 'gone.png', caption: 'x' }])}{"torn`);
    const run = newRun(at(), { settings: { data: [data], batch: 5 }, length: { steps: 2 } });
    const events = await runToEnd(at('run'), run);
    const told = eventsOf(events, 'warning').map(({ message }) => message);
    expect(told.some((message) => /left out: .*gone\.png/.test(message))).toBe(true);
    expect(told.some((message) => /left out: .*row 7/.test(message))).toBe(true);
    expect(told.filter((message) => /longer than the context of 24 tokens/.test(message))).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'done', cut: 2 });
    expect((events.at(-1) as { skipped: number }).skipped).toBeGreaterThanOrEqual(2);
  });

  test('a folder that has a run already', async () => {
    const run = newRun(at(), { length: { steps: 1 } });
    await runToEnd(at('run'), run);
    await expect(runToEnd(at('run'), run)).rejects.toMatchObject({ code: 'usage', hint: /--resume/ });
  });
});

test('several data sets are one', async () => {
  const pairs = scenePairs(4);
  const data = [write('a.jsonl', jsonLines(pairs.slice(0, 1))), write('b.jsonl', jsonLines(pairs.slice(1)))];
  const run = newRun(at(), { settings: { data, batch: 4 }, length: { epochs: 1 } });
  const events = await runToEnd(at('run'), run);
  expect(eventsOf(events, 'start')[0]!.facts).toMatchObject({ data: 'a.jsonl + b.jsonl', samples: 4, steps: 1 });
  const mixed = newRun(at(), { settings: { data: [...data, 'scenes:'] } });
  await expect(runToEnd(at('mixed'), mixed)).rejects.toMatchObject({ code: 'usage' });
});

describe('validation', () => {
  const held = (count: number) => write('held.jsonl', jsonLines(scenePairs(4 + count).slice(4)));

  test('is the loss of the checkpoint, on batches that are the same each time', async () => {
    const validation = [held(7)];
    const run = newRun(at(), { settings: { validation }, length: { steps: 4 } });
    const events = await runToEnd(at('run'), run, { validateEvery: 2, saveEvery: 2, keep: 5 });
    const told = eventsOf(events, 'validation');
    expect(told.map(({ step, samples }) => [step, samples])).toEqual([
      [0, 6],
      [2, 6],
      [4, 6],
    ]);
    expect(eventsOf(events, 'warning').map(({ message }) => message)).toEqual([
      'cut in validation: 4 captions that are longer than the context',
      '1 of 7 samples of validation make no whole batch: they are left out',
    ]);
    expect(new Set(told.map(({ losses: { total } }) => total)).size).toBe(3);
    // Another run, of the model as it was then, which trains with no effect.
    const again = newRun(at(), { settings: { validation, learningRate: 0 }, length: { steps: 1 } });
    const start = { kind: 'model', model: at('run', 'step-00000002') } as const;
    const [first, last] = eventsOf(await runToEnd(at('again'), { ...again, start }), 'validation');
    expect(first!.losses.total).toBeCloseTo(told[1]!.losses.total, 5);
    expect(last!.losses).toEqual(first!.losses);
    const { losses } = told[2]!;
    expect(losses.total).toBeCloseTo(losses.contrastive! + 2 * losses.captioning!, 5);
  });

  test('counts what it leaves out, also of shards, whose samples no one has counted', async () => {
    const pairs = scenePairs(4).flatMap(({ image, caption }, i) => [
      { name: `${i}.png`, content: readFileSync(image) },
      { name: `${i}.txt`, content: caption },
    ]);
    const broken = Array.from({ length: 25 }, (_, i) => ({ name: `b${i}.png`, type: '2' }));
    const validation = [write('held.tar', buildTar([...pairs, ...broken]))];
    const run = newRun(at(), { settings: { validation, batch: 3 }, length: { steps: 1 } });
    const told = eventsOf(await runToEnd(at('run'), run), 'warning').map(({ message }) => message);
    expect(told.filter((message) => /^left out of validation: .* is a symbolic link/.test(message))).toHaveLength(20);
    expect(told).toContain('left out of validation: 25 in all');
    expect(told).toContain('1 of 4 samples of validation make no whole batch: they are left out');
  });

  test('changes nothing of the training, and goes on when the run does', async () => {
    const validation = [held(3)];
    const plain = await runToEnd(at('plain'), newRun(at()));
    const run = newRun(at(), { settings: { validation } });
    await stoppedAt('run', 3, run);
    const rest = await runToEnd(at('run'), {}, { validateEvery: 5 });
    expect(eventsOf(rest, 'validation').map(({ step }) => step)).toEqual([5, 6]);
    expect(bytes('run', 'latest', MODEL).equals(bytes('plain', 'latest', MODEL))).toBe(true);
    expect(eventsOf(plain, 'validation')).toEqual([]);
  });

  test('that cannot be is told before the first step', async () => {
    const few = newRun(at(), { settings: { validation: [held(2)] } });
    await expect(runToEnd(at('few'), few)).rejects.toMatchObject({ code: 'bad-data', message: /2 samples/ });
    const endless = newRun(at(), { settings: { validation: ['scenes:'] } });
    await expect(runToEnd(at('endless'), endless)).rejects.toMatchObject({ code: 'usage', message: /have no end/ });
    expect(existsSync(at('endless'))).toBe(false);
  });
});

describe('a classifier', () => {
  const labels = ['book', 'taxi', 'book', 'taxi'];
  const labelled = (name = 'labelled.jsonl') =>
    write(name, jsonLines(scenePairs(4).map((pair, i) => ({ ...pair, label: labels[i] }))));
  const settings = () => ({ data: [labelled()], contrastiveWeight: 0, captionWeight: 0, batch: 4, weightDecay: 0 });

  test('is trained with the vision tower alone, resumes bit for bit, and lies beside the model', async () => {
    const run = { ...newRun(at(), { settings: settings(), length: { steps: 30 } }), classifier: {} };
    const events = await runToEnd(at('whole'), run, { sampleEvery: 1 });
    const reports = eventsOf(events, 'step').map(({ report }) => report);
    expect(reports[0]!.losses).toMatchObject({ contrastive: null, captioning: null });
    expect(reports[0]!.losses.classification).toBeCloseTo(Math.log(2), 5);
    expect(reports.at(-1)!.losses.classification).toBeLessThan(0.05);
    expect(eventsOf(events, 'caption')).toEqual([]);
    const [{ facts }] = eventsOf(events, 'start') as [ReturnType<typeof eventsOf<'start'>>[number]];
    expect(facts.trained).toBeLessThan(facts.parameters);
    await stoppedAt('parts', 7, run);
    await runToEnd(at('parts'), {});
    for (const file of [MODEL, 'classifier.safetensors', 'training-state.safetensors']) {
      expect(bytes('parts', 'latest', file).equals(bytes('whole', 'latest', file))).toBe(true);
    }
    const coca = await loadCoca({ model: at('whole') });
    const classifier = await readClassifier(at('whole'), coca.config.embed_dim);
    expect(classifier.classes.names).toEqual(['book', 'taxi']);
    for (const [i, { image }] of scenePairs(4).entries()) {
      const picture = await loadPicture(readFileSync(image), coca.preprocess);
      const { latents } = await coca.encodeImages([picture]);
      const [book, taxi] = classifier.logits(latents[0]!);
      expect(book! > taxi!).toBe(labels[i] === 'book');
    }
    await coca.close();
  });

  test('has the classes of a file; what has none of them is left out', async () => {
    const classes = write('classes.tsv', 'taxi\tyellow cab\nbus\n');
    const run = newRun(at(), { settings: { ...settings(), batch: 2 }, length: { steps: 1 } });
    const events = await runToEnd(at('run'), { ...run, classifier: { file: classes } });
    expect(eventsOf(events, 'warning')[0]!.message).toMatch(/"book" is no class/);
    expect((await readClassifier(at('run'), 32)).classes.rows).toEqual([
      { label: 'taxi', name: 'yellow cab' },
      { label: 'bus', name: 'bus' },
    ]);
  });

  test('is not there where none was trained, and is refused where it does not fit', async () => {
    await runToEnd(at('run'), newRun(at(), { length: { steps: 1 } }));
    await expect(readClassifier(at('run'), 32)).rejects.toMatchObject({ code: 'not-found' });
    const path = at('run', 'latest', 'classifier.safetensors');
    const put = (rows: unknown, classes: number) =>
      writeSafetensors(
        path,
        [
          { name: 'classifier.weight', dtype: 'F32', shape: [classes, 32], data: new Uint8Array(classes * 128) },
          { name: 'classifier.bias', dtype: 'F32', shape: [classes], data: new Uint8Array(classes * 4) },
        ],
        { classes: JSON.stringify(rows) },
      );
    for (const [rows, classes] of [
      [[{ label: 'a', name: 'a' }], 2],
      [[{ label: 'a' }], 1],
      [[], 0],
      [{}, 1],
    ] as const) {
      await put(rows, classes);
      await expect(readClassifier(at('run'), 32)).rejects.toMatchObject({ code: 'bad-checkpoint' });
    }
  });

  test('needs labels', async () => {
    const scenes = newRun(at(), { settings: { ...settings(), data: ['scenes:'] } });
    await expect(runToEnd(at('scenes'), { ...scenes, classifier: {} })).rejects.toMatchObject({
      code: 'usage',
      message: /captions and no classes/,
    });
  });
});
