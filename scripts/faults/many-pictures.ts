/**
 * `coca caption` over thousands of pictures, one in twenty broken: is every one answered, in order, does memory stay
 * level, and does a run that is killed again and again end with the same file?
 *
 *   npm run build && node --import tsx scripts/faults/many-pictures.ts [COUNT [KILLS]]      default: 5000 pictures, 5 kills
 *
 * Linux (memory is read from /proc). Pictures are made in the system's temporary folder and removed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const [count = 5000, kills = 5] = process.argv.slice(2).map(Number);
/** Decoding is not what is looked at here. */
const SEARCH = ['--strategy', 'greedy', '--max-length', '12', '--batch', '8'];
const folder = mkdtempSync(join(tmpdir(), 'coca-many-'));

/** Pictures of several formats, and what can be wrong with one. */
async function makeFiles(): Promise<{ readonly good: string[]; readonly broken: string[] }> {
  const good: string[] = [];
  for (const [i, format] of (['jpeg', 'png', 'webp', 'jpeg', 'gif'] as const).entries()) {
    const noise = { type: 'gaussian' as const, mean: 60 + 30 * i, sigma: 30 };
    const picture = sharp({ create: { width: 640, height: 480, channels: 3, background: '#000', noise } });
    good.push(join(folder, `good-${i}`));
    writeFileSync(good[i]!, await picture.toFormat(format).toBuffer());
  }
  const jpeg = readFileSync(good[0]!);
  const png = readFileSync(good[1]!);
  const contents = [
    Buffer.alloc(0),
    Buffer.from('<!doctype html><title>404</title>'),
    jpeg.subarray(0, jpeg.length / 2),
    png.subarray(0, png.length - 100),
    Buffer.concat([png.subarray(0, 5000), Buffer.alloc(2000), png.subarray(7000)]),
  ];
  const broken = contents.map((bytes, i) => {
    const name = join(folder, `broken-${i}`);
    writeFileSync(name, bytes);
    return name;
  });
  return { good, broken };
}

async function makeList(): Promise<string[]> {
  const { good, broken } = await makeFiles();
  mkdirSync(join(folder, 'pictures'));
  return Array.from({ length: count }, (_, i) => {
    const name = join(folder, 'pictures', `${String(i).padStart(6, '0')}.img`);
    const source = i % 20 === 9 ? broken[Math.floor(i / 20) % broken.length]! : good[i % good.length]!;
    linkSync(source, name);
    return name;
  });
}

interface Sample {
  readonly answered: number;
  readonly megabytes: number;
}

/** One run; with `killAt`, killed when the file has so many bytes. */
async function run(names: readonly string[], file: string, killAt = Number.POSITIVE_INFINITY): Promise<Sample[]> {
  const args = [CLI, 'caption', '--files', '-', '-q', '-o', file, '--resume', ...SEARCH];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${names.join('\n')}\n`);
  const ended = once(child, 'close');
  const samples: Sample[] = [];
  for (let tick = 0; child.exitCode === null && child.signalCode === null; tick++) {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size >= killAt) child.kill('SIGKILL');
    if (tick % 100 === 0 && size > 0) samples.push({ answered: lines(file).length, megabytes: resident(child.pid!) });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await ended;
  return samples.filter(({ megabytes }) => megabytes > 0);
}

function resident(pid: number): number {
  try {
    return Math.round(Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);

/** What a line says apart from times. */
function answer(line: string): string {
  const { image, caption, error } = JSON.parse(line);
  return JSON.stringify([image, caption, error]);
}

function curve(samples: readonly Sample[]): string {
  const rows = Array.from({ length: 11 }, (_, i) => samples[Math.round((i * (samples.length - 1)) / 10)]!);
  return rows.map(({ answered, megabytes }) => `${String(answered).padStart(7)} answered  ${megabytes} MB`).join('\n');
}

try {
  const names = await makeList();
  const whole = join(folder, 'whole.jsonl');
  const start = performance.now();
  const samples = await run(names, whole);
  const seconds = (performance.now() - start) / 1000;
  const answers = lines(whole).map(answer);
  const failed = answers.filter((line) => JSON.parse(line)[2] !== null).length;
  const inOrder = answers.every((line, i) => JSON.parse(line)[0] === names[i]);
  console.log(
    `${names.length} named, ${answers.length} answered (${failed} of them by an error), in order: ${inOrder}`,
  );
  console.log(`${seconds.toFixed(0)} s, ${(names.length / seconds).toFixed(1)} pictures a second`);
  console.log(curve(samples));
  const resumed = join(folder, 'resumed.jsonl');
  const size = statSync(whole).size;
  for (let kill = 0; kill < kills; kill++) await run(names, resumed, Math.random() * size);
  await run(names, resumed);
  const isSame = JSON.stringify(lines(resumed).map(answer)) === JSON.stringify(answers);
  console.log(`killed ${kills} times and resumed: ${isSame ? 'the same answers' : 'OTHER ANSWERS'}`);
  process.exitCode = isSame && inOrder && answers.length === names.length ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
