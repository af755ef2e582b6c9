import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/model/base/random.js';
import { openSafetensors } from '../../../src/model/checkpoint/index.js';
import { coca } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';
import { jsonLines, scenePairs, smallConfig } from '../../support/training-run.js';

const { at, write } = temporaryFolder();
const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

/** A new run of a small model on four pictures. */
const start = (folder: string, ...more: string[]): string[] => [
  ...['train', write('four.jsonl', jsonLines(scenePairs(4))), '-o', at(folder), '--batch', '4', '--device', 'wasm'],
  ...['--config', smallConfig(at('config.json')), '--train-tokenizer', '560', '--learning-rate', '3e-3', ...more],
];
const objects = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('lines', () => {
  test('plain: figures every so many steps, captions, checkpoints', async () => {
    const { code, stdout, stderr } = await coca(
      start('run', '--steps', '6', '--log-every', '3', '--sample-every', '6'),
    );
    expect(stderr).toMatch(/training .*config\.json on wasm: .* four\.jsonl \(4 samples\), steps 1 to 6, 4 pairs each/);
    expect(stderr).toMatch(/coca help engines/);
    const number = '[\\d.e+-]+';
    const step = (n: number) =>
      `step ${n}/6  contrastive ${number}  captioning ${number}  temperature ${number}  lr ${number}  grad norm ${number}  samples/s ${number}  \\d+ s left`;
    const lines = stdout.trimEnd().split('\n');
    const wanted = ['checkpoint of step 0: .*', 'caption of step 0: .*', step(3), step(6), 'caption of step 6: .*'];
    expect(
      lines.map((line, i) => new RegExp(`^${wanted[i] ?? 'checkpoint of step 6: .*step-00000006'}$`).test(line)),
    ).toEqual(Array(6).fill(true));
    expect(code).toBe(0);
  });

  test('--jsonl: every event, as the log has them; --resume goes on', async () => {
    const first = await coca(start('run', '--steps', '2', '--sample-every', '0', '--jsonl', '--quiet'));
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(objects(first.stdout)).toEqual(objects(readFileSync(at('run', 'log.jsonl'), 'utf8')));
    expect(objects(first.stdout).map(({ type }) => type)).toEqual([
      'start',
      'checkpoint',
      'step',
      'step',
      'checkpoint',
      'done',
    ]);
    const second = await coca([
      'train',
      '--resume',
      '-o',
      at('run'),
      '--steps',
      '3',
      '--device',
      'wasm',
      '--jsonl',
      '--quiet',
    ]);
    expect(objects(second.stdout)[0]).toMatchObject({ type: 'start', step: 2, steps: 3, data: 'four.jsonl' });
    expect(second.code).toBe(0);
    const shown = await coca(['caption', scenePairs(1)[0]!.image, '--model', at('run'), '--quiet']);
    expect(shown.code).toBe(0);
  });

  test('Ctrl-C writes a checkpoint and ends with 130', async () => {
    const child = spawn(process.execPath, [CLI, ...start('run', '--steps', '100000', '--jsonl')]);
    const code = new Promise((resolve) => child.on('close', resolve));
    await untilStep(child);
    child.kill('SIGINT');
    expect(await code).toBe(130);
    const log = objects(readFileSync(at('run', 'log.jsonl'), 'utf8'));
    expect(log.at(-1)).toMatchObject({ type: 'done', reason: 'stopped' });
    const state = await openSafetensors(at('run', 'latest', 'training-state.safetensors'));
    expect(Number(state.metadata.get('step'))).toBe(log.at(-1).step);
  });
});

describe('data that is not trained on', () => {
  test('its losses are lines of their own, or objects', async () => {
    const held = write('held.jsonl', jsonLines(scenePairs(8).slice(4)));
    const args = ['--steps', '2', '--validation', held, '--validate-every', '2', '--sample-every', '0', '--quiet'];
    const plain = await coca(start('plain', ...args));
    const line = /^validation of step (\d): contrastive [\d.e-]+ {2}captioning [\d.e-]+$/;
    const found = plain.stdout.split('\n').flatMap((one) => line.exec(one)?.[1] ?? []);
    expect(found).toEqual(['0', '2']);
    const json = await coca(start('json', ...args, '--jsonl'));
    const told = objects(json.stdout).filter(({ type }) => type === 'validation');
    expect(told.map(({ step, samples }) => [step, samples])).toEqual([
      [0, 4],
      [2, 4],
    ]);
    expect(told[0].loss).toBeCloseTo(told[0].contrastive + 2 * told[0].captioning, 5);
    expect(told[0].classification).toBe(null);
  });
});

describe('a single encoder', () => {
  test('learns the labels of a folder, and is asked and measured with its classifier', async () => {
    for (const [label, index] of [
      ['book', 0],
      ['traffic_light', 2],
    ] as const) {
      mkdirSync(at('data', label), { recursive: true });
      copyFileSync(scenePairs(3)[index]!.image, at('data', label, 'a.png'));
    }
    const trained = await coca([
      ...[
        'train',
        at('data'),
        '-o',
        at('run'),
        '--objective',
        'classification',
        '--config',
        smallConfig(at('c.json'), 1024),
      ],
      ...['--tokenizer', fixture('models/scenes/tokenizer.json'), '--batch', '2', '--steps', '40', '--learning-rate'],
      ...['3e-3', '--device', 'wasm', '--log-every', '40', '--quiet'],
    ]);
    expect(trained.stderr).toBe('');
    const [, loss] = /^step 40\/40 {2}classification ([\d.e-]+) {2}lr/m.exec(trained.stdout)!;
    expect(Number(loss)).toBeLessThan(0.05);
    const model = ['--model', at('run'), '--quiet'];
    const picture = at('data', 'traffic_light', 'a.png');
    const plain = await coca(['classify', picture, '--classifier', ...model]);
    expect(plain.stdout).toMatch(/^traffic light\t(0\.9\d+|1\.0+)\nbook\t[\d.e-]+\n$/);
    const json = await coca(['classify', picture, '--classifier', '--top', '1', '--json', ...model]);
    expect(JSON.parse(json.stdout)[0].results).toEqual([
      { label: 'traffic light', cosine: null, probability: expect.any(Number), rank: 1 },
    ]);
    const evaluated = await coca(['eval', at('data'), '--classifier', ...model]);
    expect(evaluated.stdout).toMatch(/^linear_classification\tacc1\t1\n/);
  });

  test('is asked for in vain where none was trained', async () => {
    const { code, stderr } = await coca(['classify', scenePairs(1)[0]!.image, '--classifier', '--quiet']);
    expect(stderr).toMatch(/the model scenes has no classifier[\s\S]*coca train --objective classification/);
    expect(code).toBe(2);
    const both = await coca(['classify', 'a.png', '--classifier', '--labels', 'a']);
    expect([both.code, both.stderr]).toEqual([64, expect.stringMatching(/--labels means nothing with --classifier/)]);
  });
});

describe('wrong usage', () => {
  test.each<[string[], RegExp]>([
    [['x.jsonl'], /-o FOLDER is missing/],
    [['-o', 'r'], /DATA is missing/],
    [['x.jsonl', '-o', 'r', '--resume'], /data it began with/],
    [['-o', 'r', '--resume', '--batch', '3'], /--batch cannot be changed by --resume/],
    [['x.jsonl', '-o', 'r', '--steps', '3', '--epochs', '1'], /--steps and --epochs exclude/],
    [
      ['x.jsonl', '-o', 'r', '--config', 'c', '--model', 'm', '--train-tokenizer', '600'],
      /needs --config without --model/,
    ],
    [['x.jsonl', '-o', 'r', '--train-tokenizer', '600'], /--train-tokenizer needs --config/],
    [['x.jsonl', '-o', 'r', '--freeze', 'vison'], /--freeze takes vision, text.*not 'vison'[\s\S]*vision/],
    [['x.jsonl', '-o', 'r', '--batch', '1'], /nothing to tell/],
    [['x.jsonl', '-o', 'r', '--classes', 'c'], /--classes means nothing without --objective classification/],
    [['x.jsonl', '-o', 'r', '--validate-every', '3'], /--validate-every means nothing without --validation/],
    [
      ['x.jsonl', '-o', 'r', '--objective', 'contrastive', '--label-smoothing', '0.1'],
      /--label-smoothing.*no captions/,
    ],
    [['x.jsonl', '-o', 'r', '--objective', 'classification', '--sample', 'a.png'], /--sample means.*no captions/],
    [['x.jsonl', '-o', 'r', '--objective', 'classification', '--caption-weight', '1'], /exclude each other/],
    [['x.jsonl', '-o', 'r', '--batch', '2', '--accumulate', '3'], /no 3 pieces/],
    [['x.jsonl', '-o', 'r', '--device', 'cuda'], /belongs to ONNX Runtime/],
  ])('%j', async (args, message) => {
    const { code, stderr } = await coca(['train', ...args], { cwd: at() });
    expect(stderr).toMatch(message);
    expect(code).toBe(64);
    expect(readdirSync(at())).toEqual([]);
  });

  test('two runs in one folder', async () => {
    const child = spawn(process.execPath, [CLI, ...start('run', '--steps', '100000', '--jsonl')]);
    const ended = new Promise((resolve) => child.on('close', resolve));
    await untilStep(child);
    const { code, stderr } = await coca(['train', '--resume', '-o', at('run')]);
    child.kill('SIGKILL');
    await ended;
    expect(stderr).toMatch(new RegExp(`another run writes in .*process ${child.pid}`));
    expect(code).toBe(2);
  });
});

/** The kills come at random moments, the same ones each time as far as the machine lets them. */
test('kill -9 at any moment: the folder loads, and the run goes on bit for bit', async () => {
  const steps = ['--steps', '12', '--save-every', '1', '--sample-every', '0', '--jsonl', '--quiet'];
  expect((await coca(start('whole', ...steps))).code).toBe(0);
  const random = new Random(5, 0);
  const resume = ['train', '--resume', '-o', at('run'), '--device', 'wasm', '--save-every', '1', '--jsonl', '--quiet'];
  let isOver = false;
  for (let kills = 0; kills < 4 && !isOver; kills++) {
    const args = kills === 0 ? start('run', ...steps) : resume;
    const child = spawn(process.execPath, [CLI, ...args]);
    const ended = new Promise((resolve) => child.on('close', resolve));
    // While a checkpoint is written, between two, and in the middle of a step.
    await untilStep(child, 1 + random.below(3));
    await setTimeout(random.between(0, 150));
    child.kill('SIGKILL');
    await ended;
    await openSafetensors(at('run', 'latest', 'open_clip_model.safetensors'));
    const log = objects(readFileSync(at('run', 'log.jsonl'), 'utf8').replace(/\n[^\n]*$/, ''));
    isOver = log.at(-1).type === 'done';
  }
  if (!isOver) {
    const last = await coca([...resume]);
    expect(last.stderr).toBe('');
    expect(last.code).toBe(0);
  }
  for (const file of ['open_clip_model.safetensors', 'training-state.safetensors']) {
    expect(readFileSync(at('run', 'latest', file)).equals(readFileSync(at('whole', 'latest', file)))).toBe(true);
  }
}, 180_000);

/** Waits until a run with --jsonl has taken some steps, or is over. */
function untilStep(child: ChildProcess, count = 1): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout!.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (text.split('"type":"step"').length > count || text.includes('"type":"done"')) resolve();
    });
    let errors = '';
    child.stderr!.setEncoding('utf8').on('data', (chunk) => {
      errors += chunk;
    });
    child.on('close', () => reject(new Error(`it ended before: ${errors}`)));
  });
}
