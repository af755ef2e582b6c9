/**
 * How fast `coca step` is: a step of the search, and the time from a key to its frame between steps.
 *
 *   npm run bench -- step [MODEL [BEAMS]]    MODEL: coca_ViT-B-32 (random weights), a bundled name (default: scenes), a folder
 *
 * A step is all that a key costs until the frame can be drawn: the search one token further, one model call for all
 * beams, and what the view shows of it. In a session the engine computes in a process of its own, which runs what was
 * built (npm run build). Frames are timed from the key's arrival to the last write that it causes, on a terminal that is
 * none; Ink draws at most 60 a second, so 17 ms of each may be waiting.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CaptioningCoca } from '../src/commands/io/model.js';
import { openWalk } from '../src/commands/step/open.js';
import { WalkSource } from '../src/commands/step/source.js';
import { contextLength, requireCaptioner } from '../src/model/config/config.js';
import { decodingOptions, isDone } from '../src/model/decoding/index.js';
import { currentLine, sessionTree } from '../src/model/stepper/index.js';
import { type LoadedCoca, loadCoca } from '../src/model/store/load.js';
import { showSteps } from '../src/ui/step/show.js';
import { modelFolder } from './common.js';
import { keyboard, Terminal } from './terminal.js';

process.env.NODE_ENV = 'production';

const IMAGE = fileURLToPath(new URL('../fixtures/scenes/0009.png', import.meta.url));
const SIZES = [
  [80, 24],
  [120, 40],
  [200, 60],
] as const;
const DOWN = '\u001b[B';
const PAGE_DOWN = '\u001b[6~';
const PAGE_UP = '\u001b[5~';
const ESCAPE = '\u001b';
const KEYS: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['choose a beam', [DOWN, DOWN, DOWN, DOWN]],
  ['another token', ['[', '[', ']', ']']],
  ['tree or fallen', ['t', 't', 't', 't']],
  ['help', ['?', '?', '?', '?']],
  ['scroll', [PAGE_DOWN, PAGE_DOWN, PAGE_DOWN, PAGE_UP, PAGE_UP, PAGE_UP]],
];
/** What needs a beam that is not finished. */
const SEARCH_KEYS: typeof KEYS = [
  ['options', ['o', DOWN, '7', ESCAPE]],
  ['find', ['/', 'd', 'o', 'g', '\u007f', DOWN, ESCAPE]],
];

const median = (times: readonly number[]) => [...times].sort((a, b) => a - b)[times.length >> 1]!;
const row = (name: string, times: readonly number[]) => {
  // A tree that fits needs no scrolling.
  if (times.length === 0) return;
  const most = Math.max(...times);
  console.log(
    `${name.padEnd(34)}${median(times).toFixed(1).padStart(8)} ms${most.toFixed(1).padStart(9)} ms   ${times.length}`,
  );
};

async function measureKeys(source: WalkSource, columns: number, rows: number, keys: typeof KEYS): Promise<void> {
  const stdout = new Terminal(columns, rows);
  const stdin = keyboard();
  const controller = new AbortController();
  const terminal = { interactive: true, columns, rows, colors: 'any', env: {} } as const;
  const streams = { stdin, stdout: stdout as unknown as NodeJS.WriteStream, signal: controller.signal };
  const left = showSteps(source, 'blocks', terminal, streams);
  await wait(300);
  for (const [name, presses] of keys) {
    const times: number[] = [];
    for (const press of presses) {
      const before = stdout.bytes;
      const start = performance.now();
      stdin.push(press);
      await wait(150);
      if (stdout.bytes > before) times.push(stdout.last - start);
    }
    row(`${columns}x${rows} ${name}`, times);
  }
  controller.abort();
  await left;
}

const [model = 'scenes', beams = '6'] = process.argv.slice(3);
const source = { model: model === 'scenes' ? model : await modelFolder(model), device: 'cpu' } as const;
const [coca, isolated] = await Promise.all([loadCoca(source), loadCoca({ ...source, isolated: true })]);
const limit = { contextLength: contextLength(coca.config) };
const context = {
  stdin: process.stdin,
  signal: new AbortController().signal,
  status: { show: () => undefined, clear: () => undefined },
  notice: () => undefined,
} as unknown as Parameters<typeof openWalk>[2];

/** A walk of so many beams, untouched; random weights never end a caption by themselves. */
async function open(beams: number, opened = coca): Promise<WalkSource> {
  const search = decodingOptions({ beams, maxLength: Math.min(30, limit.contextLength) }, limit);
  requireCaptioner(opened.config, 'a walk');
  const walk = await openWalk(
    { image: IMAGE, search, prompt: undefined, loaded: undefined },
    opened as CaptioningCoca,
    context,
  );
  if ('error' in walk) throw walk.error;
  return WalkSource.open({ ...walk, save: async () => '', isKept: true });
}

console.log(`${coca.name} on ${coca.device}, ${readFileSync(IMAGE).length} bytes of picture`);
console.log(`${''.padEnd(34)}${'median'.padStart(11)}${'most'.padStart(12)}   times`);
/** Walks a search to its end and says how long the steps took. */
async function measureSteps(name: string, beams: number, model: LoadedCoca): Promise<WalkSource> {
  await open(beams, model); // the first walk makes everything warm
  const times: number[] = [];
  const walk = await open(beams, model);
  while (!isDone(currentLine(walk.snapshot().session).state)) {
    const start = performance.now();
    await walk.perform({ type: 'next' });
    times.push(performance.now() - start);
  }
  row(`${name}, ${beams} beams`, times);
  return walk;
}

for (const count of new Set([Number(beams), 16])) {
  const ended = await measureSteps('step', count, coca);
  await measureSteps('step in a session', count, isolated);
  const middle = await open(count);
  for (let step = 0; step < 6; step++) await middle.perform({ type: 'next' });
  for (const [columns, rows] of SIZES) {
    const { session } = ended.snapshot();
    const tokens = sessionTree(session.walk).filter(({ step }) => step > 0).length;
    console.log(`${count} beams, ${currentLine(session).state.step} steps, a tree of ${tokens} tokens`);
    await measureKeys(ended, columns, rows, KEYS);
    await measureKeys(middle, columns, rows, SEARCH_KEYS);
  }
}
await Promise.all([coca.close(), isolated.close()]);
