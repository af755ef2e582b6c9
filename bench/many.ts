/**
 * Many photographs: captions and embeddings a second beside OpenCLIP with its DataLoader, from files to results.
 *
 *   npm run bench -- many [CONFIG [COUNT]]     CONFIG: coca_ViT-B-32 (default), coca_ViT-L-14, or a model folder; COUNT: 1000
 *
 * The photographs are made once in the system's temporary folder: JPEGs of 1 to 12 megapixels, textured so that they
 * take as long to decode as real ones. Each program gets a list of them in one process, whose start and load count.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { mapAhead } from '../src/model/base/pipeline.js';
import { PRECISIONS } from '../src/model/quantise/precision.js';
import { columns, hasPeer, machine, modelFolder, PYTHON } from './common.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const CLI = path('../dist/cli.js');
const PEER = path('peer_many.py');
const SOURCE = path('../fixtures/golden/preprocess/coffee.jpg');
/** Megapixels of the photographs, one after the other. */
const SIZES = [1, 2, 3, 5, 8, 12];
/** How often the memory of a process is looked at. */
const LOOK_MS = 100;

async function photographs(count: number): Promise<string> {
  const folder = join(tmpdir(), 'coca-bench-photographs');
  mkdirSync(folder, { recursive: true });
  const name = (i: number) => join(folder, `${String(i).padStart(4, '0')}.jpg`);
  async function* missing(): AsyncGenerator<number> {
    for (let i = 0; i < count; i++) if (!existsSync(name(i))) yield i;
  }
  for await (const _ of mapAhead(missing(), (i) => photograph(name(i), i), 2));
  const list = join(folder, `${count}.txt`);
  writeFileSync(list, Array.from({ length: count }, (_, i) => `${name(i)}\n`).join(''));
  return list;
}

/** The source turned and enlarged, with grain as a sensor has it, at 4:3 or 3:4. */
async function photograph(file: string, index: number): Promise<void> {
  const pixels = SIZES[index % SIZES.length]! * 1e6;
  const [long, short] = [Math.round(Math.sqrt((pixels * 4) / 3)), Math.round(Math.sqrt((pixels * 3) / 4))];
  const [width, height] = index % 2 === 0 ? [long, short] : [short, long];
  const grain = { type: 'gaussian', mean: 128, sigma: 12 } as const;
  const noise = await sharp({ create: { width, height, channels: 3, background: '#808080', noise: grain } })
    .png()
    .toBuffer();
  const turned = await sharp(SOURCE)
    .rotate((index * 37) % 360, { background: '#667' })
    .toBuffer();
  await sharp(turned)
    .resize(width, height, { fit: 'cover' })
    .composite([{ input: noise, blend: 'soft-light' }])
    .modulate({ hue: (index * 53) % 360 })
    .jpeg({ quality: 90 })
    .toFile(file);
}

interface Done {
  readonly seconds: number;
  /** Bytes, of the process and, for the peer, of its workers; 0 where it cannot be told. */
  readonly peakMemory: number;
  readonly stdout: string;
}

function timed(program: string, args: readonly string[]): Promise<Done> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr, peakMemory] = ['', '', 0];
    child.stdout.on('data', (part) => (stdout += part));
    child.stderr.on('data', (part) => (stderr += part));
    const look = setInterval(() => {
      peakMemory = Math.max(peakMemory, memoryOf(child.pid!));
    }, LOOK_MS);
    child.on('error', reject);
    child.on('close', (status) => {
      clearInterval(look);
      if (status !== 0) reject(new Error(`${program} ${args.join(' ')} ended with ${status}\n${stderr}`));
      else resolve({ seconds: (performance.now() - start) / 1000, peakMemory, stdout });
    });
  });
}

/** The most that a process had so far (Linux). */
function memoryOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

const WORK = {
  'embeddings/s': ['embed'],
  'captions/s, greedy': ['caption', '--strategy', 'greedy'],
  'captions/s, 6 beams': ['caption'],
} as const;
type Work = keyof typeof WORK;

const idsOf = (stdout: string): string[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).ids?.join() ?? '');

const [, name = 'coca_ViT-B-32', given = '1000'] = process.argv.slice(2);
const folder = await modelFolder(name);
const count = Number(given);
const list = await photographs(count);
const quarter = await photographs(Math.ceil(count / 4));
const hasOpenClip = hasPeer('open_clip, transformers');
const scoring = ['--scoring', 'openclip'];

console.log(`${name}, ${count} photographs of ${SIZES[0]} to ${SIZES.at(-1)} megapixels, ${machine()}`);
console.log(columns(['', ...PRECISIONS, ...(hasOpenClip ? ['OpenCLIP', 'ratio'] : [])]));
const memory: string[] = [];
for (const work of Object.keys(WORK) as Work[]) {
  const [command, ...options] = WORK[work];
  const rates: number[] = [];
  let found: string[] = [];
  for (const precision of PRECISIONS) {
    const ours = [CLI, command, ...options, ...(command === 'caption' ? scoring : []), '--model', folder];
    const args = [...ours, '--device', 'cpu', '--precision', precision, '--batch', 'auto', '--jsonl', '--quiet'];
    // Weights are quantised in this one, before any clock starts.
    const few = await timed('node', [...args, '--files', quarter]);
    const all = await timed('node', [...args, '--files', list]);
    rates.push(count / all.seconds);
    if (precision === 'fp32') found = idsOf(all.stdout);
    const mib = [few, all].map(({ peakMemory }) => (peakMemory / 2 ** 20).toFixed(0));
    memory.push(
      `${work.split('/s')[0]}${work.split('/s')[1]}, ${precision}: ${mib[0]} MiB for ${Math.ceil(count / 4)} photographs, ${mib[1]} for ${count}`,
    );
  }
  const cells = rates.map((rate) => rate.toFixed(2));
  if (hasOpenClip) {
    const theirs = await timed(PYTHON, [
      PEER,
      folder,
      list,
      work.includes('beams') ? 'beam' : work.includes('greedy') ? 'greedy' : 'embed',
    ]);
    const rate = count / theirs.seconds;
    cells.push(rate.toFixed(2), `${(rates[0]! / rate).toFixed(1)} x`);
    if (command === 'caption') {
      const ids = theirs.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as number[]).join());
      const equal = found.filter((one, i) => one === ids[i]).length;
      memory.push(`${work}: ${equal} of ${count} captions have OpenCLIP's ids`);
    }
  }
  console.log(columns([work, ...cells]));
}
for (const line of memory) console.log(line);
if (!hasOpenClip)
  console.log(`OpenCLIP was not measured: ${PYTHON} has no open_clip and transformers (set COCA_PEER_PYTHON)`);
