/**
 * What weights in fewer bits gain and lose, in one table: each precision's times and memory, and how far its results are
 * from those in single precision.
 *
 *   npm run bench -- precision [MODEL [SECONDS]]     MODEL: the bundled model (scenes, default), a named config, or a folder
 *
 * Pictures are the 48 scenes that come with the program, texts their captions.
 */
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodingOptions } from '../src/model/decoding/index.js';
import { loadPicture } from '../src/model/image/load-picture.js';
import type { Precision } from '../src/model/quantise/precision.js';
import { BUNDLED_SCENES, readScenes } from '../src/model/scenes/scenes-file.js';
import { loadCoca } from '../src/model/store/load.js';
import { BUNDLED_MODEL } from '../src/model/store/locate.js';
import { CPU_PRECISIONS, columns, machine, modelFolder, run } from './common.js';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const PICTURES_A_CALL = 8;

/** What a model says of the scenes. */
interface Results {
  readonly images: readonly Float32Array[];
  readonly texts: readonly Float32Array[];
  /** Ids of the caption of each scene. */
  readonly beam: readonly string[];
  readonly greedy: readonly string[];
  /** log p(caption | image) a token, of the scenes' own captions. */
  readonly logprobs: readonly number[];
}

async function resultsOf(model: string, precision: Precision): Promise<Results> {
  const coca = await loadCoca({ model, precision, device: 'cpu' });
  const scenes = await readScenes(BUNDLED_SCENES);
  const results = { images: [], beam: [], greedy: [], logprobs: [] } as {
    images: Float32Array[];
    beam: string[];
    greedy: string[];
    logprobs: number[];
  };
  for (let at = 0; at < scenes.length; at += PICTURES_A_CALL) {
    const some = scenes.slice(at, at + PICTURES_A_CALL);
    const pictures = await Promise.all(some.map(({ image }) => loadPicture(readFileSync(image), coca.preprocess)));
    const encoding = await coca.encodeImages(pictures);
    results.images.push(...encoding.features);
    for (const strategy of ['beam', 'greedy'] as const) {
      const { captions } = await coca.caption(
        encoding,
        decodingOptions({ strategy }, { contextLength: coca.config.text.context_length }),
      );
      results[strategy].push(...captions.map(([best]) => best!.ids.join()));
    }
    const likelihoods = await coca.captionLikelihoods(
      encoding,
      some.map(({ caption }) => caption),
    );
    results.logprobs.push(...likelihoods.map((row, i) => row[i]!.sum / row[i]!.count));
  }
  const texts = await coca.encodeTexts(scenes.map(({ caption }) => caption));
  await coca.close();
  return { ...results, texts };
}

const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const share = (a: readonly string[], b: readonly string[]): string =>
  `${a.filter((ids, i) => ids === b[i]).length} of ${a.length}`;
const least = (a: readonly Float32Array[], b: readonly Float32Array[]): string =>
  Math.min(...a.map((row, i) => cosine(row, b[i]!))).toFixed(5);

function rowsOf(exact: Results, near: Results): Readonly<Record<string, string>> {
  const differences = near.logprobs.map((value, i) => Math.abs(value - exact.logprobs[i]!));
  return {
    'image cosine, least': least(near.images, exact.images),
    'text cosine, least': least(near.texts, exact.texts),
    'beam captions equal': share(near.beam, exact.beam),
    'greedy captions equal': share(near.greedy, exact.greedy),
    'log p a token, mean |d|': (differences.reduce((a, b) => a + b, 0) / differences.length).toFixed(4),
  };
}

function timesOf(folder: string, precision: Precision, seconds: string): Readonly<Record<string, string>> {
  const options = ['--model', folder, '--precision', precision, '--device', 'cpu', '--jsonl', '--quiet'];
  const report = JSON.parse(run('node', [CLI, 'bench', IMAGE, '--seconds', seconds, ...options]).stdout);
  const times: Record<string, string> = { load: `${report.load.toFixed(0)} ms` };
  for (const { task, batch, ms } of report.measurements) times[`${task} (${batch})`] = `${ms.toFixed(1)} ms`;
  times['cold process'] = `${run('node', [CLI, 'caption', IMAGE, ...options]).ms.toFixed(0)} ms`;
  times['peak memory'] = `${(report.peakMemory / 2 ** 20).toFixed(0)} MiB`;
  return times;
}

const IMAGE = fileURLToPath(new URL('../fixtures/scenes/0001.png', import.meta.url));
const [, name = BUNDLED_MODEL, seconds = '4'] = process.argv.slice(2);
const folder = await modelFolder(name);
const found: Record<string, Record<string, string>> = {};
let exact: Results | undefined;
for (const precision of CPU_PRECISIONS) {
  // Weights are quantised here, before any clock starts.
  const results = await resultsOf(folder, precision);
  exact ??= results;
  found[precision] = { ...timesOf(folder, precision, seconds), ...rowsOf(exact, results) };
}
const weights =
  name === BUNDLED_MODEL
    ? ''
    : `${(statSync(`${folder}/open_clip_model.safetensors`).size / 2 ** 20).toFixed(0)} MiB of weights, `;
console.log(`${name}: ${weights}${machine()}`);
console.log(columns(['', ...CPU_PRECISIONS]));
for (const row of Object.keys(found.fp32!))
  console.log(columns([row, ...CPU_PRECISIONS.map((one) => found[one]![row]!)]));
