/**
 * How fast training data comes, on one core: scenes painted, and batches through one decoding thread.
 *
 *   npm run build && node --import tsx bench/data.ts [SECONDS]
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { batches, openTrainingSet, startOrder } from '../src/model/data/index.js';
import { drawScene } from '../src/model/scenes/world/draw.js';
import { sceneSource } from '../src/model/scenes/world/source.js';
import { loadTokenizer } from '../src/model/tokenizer/tokenizer.js';
import { trainTokenizer } from '../src/model/tokenizer/train.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const seconds = Number(process.argv[2] ?? 3);
const BATCH = 32;

/** Calls per second of `work`, after a first run that is not counted. */
async function rate(work: () => unknown): Promise<number> {
  await work();
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < seconds * 1000) {
    await work();
    count++;
  }
  return (count * 1000) / (performance.now() - start);
}

const row = (what: string, value: string) => console.log(`${what.padEnd(48)}${value.padStart(16)}`);
console.log(`${cpus().length} x ${cpus()[0]?.model}`);

for (const size of [96, 192]) {
  const at = await sceneSource(1, { size });
  let index = 0;
  row(`scenes painted, ${size} px`, `${(await rate(() => at(index++))).toFixed(0)} /s`);
}

const tokenizer = await loadTokenizer({
  file: path('../fixtures/models/scenes/tokenizer.json'),
  contextLength: 24,
  vocabSize: 1024,
});
const folder = await mkdtemp(join(tmpdir(), 'coca-bench-data-'));
try {
  const list = async (name: string, image: string) => {
    const line = JSON.stringify({ image: path(image), caption: 'a cup of coffee' });
    await writeFile(join(folder, name), Array(BATCH).fill(line).join('\n'));
    return join(folder, name);
  };
  const sets: readonly [what: string, set: string, size: number][] = [
    ['batches of scenes, 96 px', 'scenes:', 96],
    ['batches of PNG 192 px, to 96', await list('png.jsonl', '../fixtures/scenes/0001.png'), 96],
    ['batches of JPEG 600 x 400, to 224', await list('jpg.jsonl', '../fixtures/golden/preprocess/coffee.jpg'), 224],
  ];
  for (const [what, set, size] of sets) {
    const transform = { picture: { size }, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], augment: false };
    const dataset = await openTrainingSet(set, 1, transform);
    const source = batches(dataset, startOrder(0), { batch: BATCH, transform, tokenizer, threads: 1 });
    row(`${what} (one thread)`, `${(BATCH * (await rate(() => source.next()))).toFixed(0)} /s`);
    await source.return(undefined);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const captions = Array.from({ length: 20_000 }, (_, i) => drawScene(1, i).caption);
const start = performance.now();
await trainTokenizer(captions, { vocabSize: 1024 });
row('tokenizer of 1,024 from 20,000 captions', `${(performance.now() - start).toFixed(0)} ms`);
const prose = readFileSync(path('../README.md'), 'utf8').split('\n');
const again = performance.now();
await trainTokenizer(prose, { vocabSize: 2048, minCount: 1 });
row('tokenizer of 2,048 from the README', `${(performance.now() - again).toFixed(0)} ms`);
