/**
 * This program and OpenCLIP on the same weights, picture and machine, in one table of ratios.
 *
 *   npm run bench [-- CONFIG [SECONDS]]     CONFIG: coca_ViT-B-32 (default), coca_ViT-L-14, or a model folder
 *
 * Weights of a named config are random, made once in the system's temporary folder. OpenCLIP runs in the Python named by
 * $COCA_PEER_PYTHON (default: python3); where that has no open_clip, this program is measured alone.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { columns, hasPeer, lastJson, machine, modelFolder, PYTHON, run } from './common.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const CLI = path('../dist/cli.js');
const PEER = path('peer.py');
const IMAGE = path('../fixtures/golden/preprocess/coffee.jpg');

interface Figures {
  /** Milliseconds by task. */
  readonly times: Readonly<Record<string, number>>;
  readonly ids: Readonly<Record<string, readonly number[]>>;
  readonly peakMemory: number;
}

/** Captions by both rules; the peer has a counterpart to each of them. Greedy ones differ in how they end alone. */
function ours(folder: string, seconds: string): Figures {
  const reportOf = (scoring: string) => {
    const options = ['--model', folder, '--seconds', seconds, '--scoring', scoring, '--jsonl', '--quiet'];
    return JSON.parse(run('node', [CLI, 'bench', IMAGE, ...options]).stdout);
  };
  const report = reportOf('openclip');
  const times: Record<string, number> = { load: report.load };
  const ids: Record<string, number[]> = {};
  for (const { task, batch, ms, ids: found } of report.measurements) {
    const name = task.startsWith('encode') ? `${task} (${batch})` : `${task}, openclip`;
    times[name] = ms;
    if (found) ids[name] = found;
  }
  const beam = reportOf('transformers').measurements.find(({ task }: { task: string }) => task === 'caption beam');
  times['caption beam, transformers'] = beam.ms;
  ids['caption beam, transformers'] = beam.ids;
  const cold = run('node', [CLI, 'caption', IMAGE, '--model', folder, '--scoring', 'openclip', '--jsonl', '--quiet']);
  times['cold process'] = cold.ms;
  ids['cold process'] = JSON.parse(cold.stdout).ids;
  return { times, ids, peakMemory: report.peakMemory };
}

function peer(folder: string, seconds: string): Figures {
  const report = lastJson(run(PYTHON, [PEER, folder, IMAGE, seconds]).stdout);
  const cold = run(PYTHON, [PEER, '--cold', folder, IMAGE]);
  const times: Record<string, number> = { 'cold process': cold.ms };
  const ids: Record<string, number[]> = { 'cold process': lastJson(cold.stdout).ids };
  for (const [name, value] of Object.entries(report)) {
    if (name.endsWith(' ids')) ids[name.slice(0, -4)] = value as number[];
    else if (typeof value === 'number') times[name] = value;
  }
  return { times, ids, peakMemory: report['peak memory'] };
}

/** Whether both wrote the same caption, id by id. */
const sameIds = (mine: readonly number[], theirs: readonly number[] = []): boolean => mine.join() === theirs.join();

const [name = 'coca_ViT-B-32', seconds = '4'] = process.argv.slice(2);
const folder = await modelFolder(name);
const bytes = statSync(join(folder, 'open_clip_model.safetensors')).size;
const a = ours(folder, seconds);
const b = hasPeer('open_clip, transformers') ? peer(folder, seconds) : undefined;

console.log(`${name}: ${(bytes / 2 ** 20).toFixed(0)} MiB of weights, ${machine()}`);
console.log(columns(['', 'coca', ...(b ? ['OpenCLIP', 'ratio', 'same ids'] : [])]));
for (const [task, ms] of Object.entries(a.times)) {
  const theirs = b?.times[task];
  const cells = [task, `${ms.toFixed(1)} ms`];
  if (b && theirs !== undefined) {
    cells.push(`${theirs.toFixed(1)} ms`, `${(theirs / ms).toFixed(1)} x`);
    if (a.ids[task]) cells.push(sameIds(a.ids[task], b.ids[task]) ? 'yes' : 'NO');
  }
  console.log(columns(cells));
}
const memory = (size: number) => `${(size / bytes).toFixed(2)} x`;
console.log(columns(['peak memory/weights', memory(a.peakMemory), ...(b ? [memory(b.peakMemory)] : [])]));
if (!b) console.log(`OpenCLIP was not measured: ${PYTHON} has no open_clip and transformers (set COCA_PEER_PYTHON)`);
const differ = b && Object.entries(a.ids).some(([task, ids]) => !sameIds(ids, b.ids[task]));
if (differ) process.exitCode = 1;
