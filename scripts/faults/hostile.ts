/**
 * Gives the built program every file of a folder, each in a process of its own, and reports how it ended: exit code,
 * time and peak memory. For corpora of hostile files, which stay where they were downloaded (docs/reliability.md).
 *
 *   npm run build && node --import tsx scripts/faults/hostile.ts KIND FOLDER...
 *
 * KIND says what the files are given as:
 *   image      a picture to caption
 *   weights    open_clip_model.safetensors of the bundled model; zip archives and pickles as .bin
 *   pickle     data.pkl within a torch.save archive that is sound otherwise
 *   config     open_clip_config.json
 *   tokenizer  tokenizer.json
 *
 * Prints a line for every file that was taken, and for every crash (a signal, a stack trace, an unknown exit code or an
 * "unexpected failure") and hang; then a summary. Exits with 1 after a crash or a hang.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTorchZip } from '../../test/model/checkpoint/build-zip.js';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const CLI = path('dist/cli.js');
const SCENES = path('fixtures/models/scenes');
const PICTURE = path('fixtures/scenes/0001.png');
const HANG_MS = 20_000;
/** Has the program tell its own peak memory, in KiB, on file descriptor 3 as it ends. */
const PROBE =
  'data:text/javascript,import{writeSync}from"node:fs";process.on("exit",()=>writeSync(3,String(process.resourceUsage().maxRSS)))';

const KINDS = ['image', 'weights', 'pickle', 'config', 'tokenizer'] as const;
type Kind = (typeof KINDS)[number];

interface Ending {
  readonly name: string;
  readonly verdict: 'taken' | 'refused' | 'crash' | 'hang';
  readonly ms: number;
  readonly megabytes: number;
  readonly line: string;
}

const [kind, ...folders] = process.argv.slice(2) as [Kind, ...string[]];
if (!KINDS.includes(kind) || folders.length === 0) throw new Error(`hostile.ts ${KINDS.join('|')} FOLDER...`);
const place = mkdtempSync(join(tmpdir(), 'coca-hostile-'));

/** A copy of the bundled model in which one file is the hostile one. */
function modelWith(file: string, contents: Uint8Array, without: readonly string[] = []): string {
  const folder = mkdtempSync(join(place, 'model-'));
  for (const name of readdirSync(SCENES)) {
    if (name !== file && !without.includes(name)) cpSync(join(SCENES, name), join(folder, name));
  }
  writeFileSync(join(folder, file), contents);
  return folder;
}

function argumentsFor(file: string): string[] {
  const search = ['--strategy', 'greedy', '--max-length', '8', '-q'];
  const bytes = () => readFileSync(file);
  const SAFETENSORS = 'open_clip_model.safetensors';
  const TORCH = 'open_clip_pytorch_model.bin';
  const model = (folder: string) => ['caption', PICTURE, '--model', folder, ...search];
  switch (kind) {
    case 'image':
      return ['caption', file, ...search];
    case 'weights':
      return model(
        modelWith(/^(PK|\x80)/.test(bytes().toString('latin1', 0, 2)) ? TORCH : SAFETENSORS, bytes(), [SAFETENSORS]),
      );
    case 'pickle':
      return model(modelWith(TORCH, buildTorchZip(bytes()), [SAFETENSORS]));
    case 'config':
      return model(modelWith('open_clip_config.json', bytes()));
    case 'tokenizer':
      return model(modelWith('tokenizer.json', bytes()));
  }
}

function run(name: string, args: readonly string[]): Promise<Ending> {
  return new Promise((resolve) => {
    const start = performance.now();
    const child = spawn(process.execPath, ['--import', PROBE, CLI, ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, COCA_CACHE: join(place, 'cache') },
    });
    let stderr = '';
    let peak = '';
    child.stdio[2]!.on('data', (text) => {
      stderr += text;
    });
    child.stdio[3]!.on('data', (text) => {
      peak += text;
    });
    let isHanging = false;
    const timer = setTimeout(() => {
      isHanging = true;
      child.kill('SIGKILL');
    }, HANG_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const isCrash = signal !== null || ![0, 2].includes(code!) || /unexpected failure|\n\s+at .*:\d+/.test(stderr);
      const verdict = isHanging ? 'hang' : isCrash ? 'crash' : code === 0 ? 'taken' : 'refused';
      const line = stderr.split('\n')[0]!;
      resolve({ name, verdict, ms: performance.now() - start, megabytes: Number(peak) / 1024, line });
    });
  });
}

function filesOf(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return names.filter((name) => statSync(name).isFile()).sort();
}

try {
  mkdirSync(join(place, 'cache'));
  const queue = folders.flatMap((folder) => filesOf(folder).map((file) => ({ file, name: relative(folder, file) })));
  const endings: Ending[] = [];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const args = argumentsFor(next.file);
      const ending = await run(next.name || basename(next.file), args);
      endings.push(ending);
      const model = args[args.indexOf('--model') + 1]!;
      if (model.startsWith(place)) rmSync(model, { recursive: true });
      if (ending.verdict !== 'refused' || process.env.VERBOSE) {
        console.log(`${ending.verdict.padEnd(8)} ${ending.name}  ${ending.line}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  const count = (verdict: Ending['verdict']) => endings.filter((ending) => ending.verdict === verdict).length;
  const refused = endings.filter(({ verdict }) => verdict === 'refused');
  const slowest = refused.toSorted((a, b) => b.ms - a.ms)[0];
  const largest = refused.toSorted((a, b) => b.megabytes - a.megabytes)[0];
  console.log(`${endings.length} files as ${kind}: ${count('refused')} refused, ${count('taken')} taken`);
  console.log(`crashes ${count('crash')}, hangs ${count('hang')}`);
  if (slowest) console.log(`slowest refusal ${(slowest.ms / 1000).toFixed(2)} s (${slowest.name})`);
  if (largest) console.log(`largest refusal ${Math.round(largest.megabytes)} MB (${largest.name})`);
  process.exitCode = count('crash') + count('hang') > 0 ? 1 : 0;
} finally {
  rmSync(place, { recursive: true, force: true });
}
