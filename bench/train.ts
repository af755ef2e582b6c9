/**
 * A training step of this program and of OpenCLIP, on the same weights, batch and machine.
 *
 *   npm run bench -- train [MODEL [STEPS [DEVICE]]]
 *
 * MODEL: the bundled model (scenes, default), a named config with random weights, or a folder. DEVICE: as --device of the
 * TensorFlow.js engine (default auto). The batch is the 48 scenes that come with the program, the first 16 of them twice.
 * OpenCLIP runs in the Python named by $COCA_PEER_PYTHON (default: python3); where that has no open_clip, this program is
 * measured alone.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSafetensors } from '../src/model/checkpoint/index.js';
import { requireCaptioner } from '../src/model/config/config.js';
import type { TfjsDevice } from '../src/model/engine/engines.js';
import { openBackend } from '../src/model/engine/tfjs/backends.js';
import { chooseTfjsDevice } from '../src/model/engine/tfjs/devices.js';
import { loadPicture, normalise } from '../src/model/image/load-picture.js';
import { BUNDLED_SCENES, readScenes } from '../src/model/scenes/scenes-file.js';
import { type ModelFiles, readModel } from '../src/model/store/load.js';
import { BUNDLED_MODEL } from '../src/model/store/locate.js';
import type { TrainingBatch } from '../src/model/training/batch.js';
import { COCA_OBJECTIVE } from '../src/model/training/objective.js';
import { Trainer } from '../src/model/training/trainer.js';
import { columns, hasPeer, lastJson, machine, modelFolder, PYTHON, run } from './common.js';

const PEER = fileURLToPath(new URL('peer_train.py', import.meta.url));
const BATCH = 64;
/** Steps before the clock starts. */
const WARM_UP = 3;
const LEARNING_RATE = 1e-4;

interface Figures {
  /** Of a step, median milliseconds. */
  readonly ms: number;
  /** Weighted loss before each of the first steps. */
  readonly losses: readonly number[];
  /** Bytes of the whole process: after the warm-up, and at the end. */
  readonly memory: readonly [number, number];
}

async function batchFor({ config, tokenizer }: ModelFiles): Promise<TrainingBatch> {
  const scenes = await readScenes(BUNDLED_SCENES);
  const { interpolation, resize_mode: resizeMode, fill_color: fillColor, mean, std } = config.preprocess;
  const options = { size: config.vision.image_size, interpolation, resizeMode, fillColor };
  const chosen = Array.from({ length: BATCH }, (_, i) => scenes[i % scenes.length]!);
  const pictures = await Promise.all(chosen.map(({ image }) => loadPicture(readFileSync(image), options)));
  return {
    pixels: normalise(pictures, mean, std),
    contexts: chosen.map(({ caption }) => tokenizer.context(caption)),
  };
}

async function ours(files: ModelFiles, batch: TrainingBatch, steps: number, device: TfjsDevice): Promise<Figures> {
  requireCaptioner(files.config, 'training');
  const trainer = await Trainer.open(files.config, files.checkpoint, {
    device,
    objective: COCA_OBJECTIVE,
    schedule: { learningRate: LEARNING_RATE, warmupSteps: 0 },
    optimizer: { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.05 },
    clipNorm: 1,
    frozen: () => false,
    seed: 0,
  });
  const { tf } = await openBackend(device);
  const losses: number[] = [];
  const times: number[] = [];
  const step = async () => {
    const start = performance.now();
    losses.push((await trainer.train([batch])).losses.total);
    times.push(performance.now() - start);
  };
  for (let i = 0; i < WARM_UP; i++) await step();
  const [before, held] = [process.memoryUsage.rss(), tf.memory().numTensors];
  for (let i = 0; i < steps; i++) await step();
  const figures = { ms: median(times.slice(WARM_UP)), losses, memory: [before, process.memoryUsage.rss()] as const };
  if (tf.memory().numTensors !== held) throw new Error(`${tf.memory().numTensors - held} tensors were left behind`);
  trainer.release();
  return figures;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** The batch as a file that Python reads. */
async function peer(files: ModelFiles, batch: TrainingBatch, steps: number): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'coca-bench-train-'));
  try {
    const path = join(folder, 'batch.safetensors');
    const { image_size: size } = files.config.vision;
    const texts = Int32Array.from(batch.contexts.flatMap((ids) => [...ids]));
    await writeSafetensors(path, [
      { name: 'pixels', dtype: 'F32', shape: [BATCH, 3, size, size], data: new Uint8Array(batch.pixels.buffer) },
      { name: 'texts', dtype: 'I32', shape: [BATCH, batch.contexts[0]!.length], data: new Uint8Array(texts.buffer) },
    ]);
    const model = dirname(files.checkpoint.path);
    return lastJson(run(PYTHON, [PEER, model, path, String(WARM_UP), String(steps), String(LEARNING_RATE)]).stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [, name = BUNDLED_MODEL, stepsText = '20', wanted = 'auto'] = process.argv.slice(2);
const steps = Number(stepsText);
const files = await readModel(await modelFolder(name));
const batch = await batchFor(files);
const { device } = await chooseTfjsDevice(wanted as TfjsDevice | 'auto');
// The peer first: two engines' threads and memory in one process would disturb each other.
const b = hasPeer('open_clip, safetensors') ? await peer(files, batch, steps) : undefined;
const a = await ours(files, batch, steps, device);

console.log(`${files.name}: training, batch ${BATCH}, ${steps} steps, ${machine()}`);
console.log(columns(['', `coca (${device})`, ...(b ? ['OpenCLIP', 'ratio'] : [])]));
const row = (what: string, format: (figures: Figures) => string, ratio = '') =>
  console.log(columns([what, format(a), ...(b ? [format(b), ratio] : [])]));
row('step', ({ ms }) => `${ms.toFixed(0)} ms`, b && `${(b.ms / a.ms).toFixed(2)} x`);
row('samples/s', ({ ms }) => ((1000 * BATCH) / ms).toFixed(1));
for (const i of [0, 1, 2]) row(`loss before step ${i + 1}`, ({ losses }) => losses[i]!.toFixed(4));
row('memory after warm-up', ({ memory }) => `${(memory[0] / 2 ** 20).toFixed(0)} MiB`);
row('memory at the end', ({ memory }) => `${(memory[1] / 2 ** 20).toFixed(0)} MiB`);
if (!b) console.log(`OpenCLIP was not measured: ${PYTHON} has no open_clip (set COCA_PEER_PYTHON)`);
const differ = b?.losses.slice(0, 3).some((loss, i) => Math.abs(loss - a.losses[i]!) > 1e-2 * Math.abs(loss));
if (differ) {
  console.log('the losses differ: these are not the same steps');
  process.exitCode = 1;
}
