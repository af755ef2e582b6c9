/**
 * This program and OpenCLIP on a dual encoder: the same weights, picture and machine, in one table of ratios.
 *
 *   npm run bench -- CONFIG [SECONDS]     CONFIG: ViT-B-32, ..., or the folder of one
 *
 * Weights of a named config are random, made once in the system's temporary folder. OpenCLIP runs in the Python named by
 * $COCA_PEER_PYTHON (default: python3); where that has no open_clip, this program is measured alone.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { columns, hasPeer, lastJson, machine, PYTHON, run } from './common.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const CLI = path('../dist/cli.js');
const PEER = path('peer_dual.py');
const IMAGE = path('../fixtures/golden/preprocess/coffee.jpg');

/** Embeddings are the same up to this, whatever computes them. */
const SAME = 1e-4;

interface Figures {
  /** Milliseconds by task. */
  readonly times: Readonly<Record<string, number>>;
  readonly embedding: readonly number[];
  readonly peakMemory: number;
}

function ours(folder: string, seconds: string): Figures {
  const options = ['--model', folder, '--jsonl', '--quiet'];
  const report = JSON.parse(run('node', [CLI, 'bench', IMAGE, '--seconds', seconds, ...options]).stdout);
  const times: Record<string, number> = { load: report.load };
  for (const { task, batch, ms } of report.measurements) times[`${task} (${batch})`] = ms;
  const cold = run('node', [CLI, 'embed', IMAGE, ...options]);
  times['cold process'] = cold.ms;
  return { times, embedding: JSON.parse(cold.stdout).embedding, peakMemory: report.peakMemory };
}

function peer(folder: string, seconds: string): Figures {
  const { embedding: _, peakMemory, ...warm } = lastJson(run(PYTHON, [PEER, folder, IMAGE, seconds]).stdout);
  const cold = run(PYTHON, [PEER, '--cold', folder, IMAGE]);
  return {
    times: { ...warm, 'cold process': cold.ms },
    embedding: lastJson(cold.stdout).embedding,
    peakMemory,
  };
}

/** @param folder of the model that `name` means */
export function dualEncoders(name: string, folder: string, seconds: string): void {
  const bytes = statSync(join(folder, 'open_clip_model.safetensors')).size;
  const a = ours(folder, seconds);
  const b = hasPeer('open_clip') ? peer(folder, seconds) : undefined;
  console.log(`${name}: ${(bytes / 2 ** 20).toFixed(0)} MiB of weights, ${machine()}`);
  console.log(columns(['', 'coca', ...(b ? ['OpenCLIP', 'ratio'] : [])]));
  for (const [task, ms] of Object.entries(a.times)) {
    const theirs = b?.times[task];
    const cells = [task, `${ms.toFixed(1)} ms`];
    if (theirs !== undefined) cells.push(`${theirs.toFixed(1)} ms`, `${(theirs / ms).toFixed(1)} x`);
    console.log(columns(cells));
  }
  const memory = (size: number) => `${(size / bytes).toFixed(2)} x`;
  console.log(columns(['peak memory/weights', memory(a.peakMemory), ...(b ? [memory(b.peakMemory)] : [])]));
  if (!b) {
    console.log(`OpenCLIP was not measured: ${PYTHON} has no open_clip (set COCA_PEER_PYTHON)`);
    return;
  }
  const difference = Math.max(...a.embedding.map((value, i) => Math.abs(value - b.embedding[i]!)));
  console.log(`largest difference of the embedding: ${difference.toExponential(1)}`);
  if (!(difference < SAME)) process.exitCode = 1;
}
