/**
 * A coverage-guided fuzzer of everything that reads foreign bytes, in plain Node: inputs that reach new blocks of code
 * are kept and changed further. (Jazzer.js would do the same faster; its native part needs glibc 2.38.)
 *
 *   node --import tsx scripts/fuzz/main.ts [TARGET|all [SECONDS [SEED]]]        default: all, 60 seconds each
 *
 * A finding is anything thrown that is no CocaError, or an input that takes longer than two seconds. It is saved in
 * the system's temporary folder under coca-fuzz; the exit code is 1 then.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CocaError } from '../../src/model/base/errors.js';
import { Coverage } from './coverage.js';
import { mutate, randomNumbers } from './mutate.js';
import { TARGETS, type Target } from './targets.js';

const [chosen = 'all', seconds = '60', seed = String(Date.now() % 2 ** 32)] = process.argv.slice(2);
/** Coverage is read once for so many inputs: reading it takes longer than running one. */
const BATCH = 64;
const SLOW_MS = 2000;
const SAVED = join(tmpdir(), 'coca-fuzz');

/** What is wrong with how a target took an input, if anything. */
async function fault(target: Target, bytes: Uint8Array, folder: string): Promise<string | undefined> {
  // Of the processor's time: a busy machine is no finding.
  const start = process.cpuUsage();
  try {
    await target.run(bytes, folder);
  } catch (error) {
    if (!(error instanceof CocaError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1000;
  return ms > SLOW_MS ? `took ${Math.round(ms)} ms` : undefined;
}

/** Where a fault is: its message and the first of its lines that names a place. */
function kindOf(text: string): string {
  return text.split('\n').slice(0, 2).join(' ').replace(/\d+/g, '0');
}

async function fuzz(name: string, target: Target): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'coca-fuzz-'));
  const below = randomNumbers(Number(seed));
  const corpus: Uint8Array[] = [...target.seeds()];
  const kinds = new Set<string>();
  const tryOut = async (bytes: Uint8Array): Promise<void> => {
    const problem = await fault(target, bytes, folder);
    if (problem === undefined || kinds.has(kindOf(problem))) return;
    kinds.add(kindOf(problem));
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
    const file = join(SAVED, `${name}-${hash}`);
    mkdirSync(SAVED, { recursive: true });
    writeFileSync(file, bytes);
    console.log(`${name}: ${problem}\n  input: ${file}`);
  };
  const coverage = new Coverage((url) => target.covers.test(url));
  for (const bytes of corpus) await tryOut(bytes);
  coverage.take(true);
  let runs = 0;
  const end = performance.now() + Number(seconds) * 1000;
  while (performance.now() < end) {
    const pick = () => corpus[below(corpus.length)]!;
    const batch = Array.from({ length: BATCH }, () => mutate(pick(), pick(), target.words, below));
    for (const bytes of batch) await tryOut(bytes);
    runs += BATCH;
    if (coverage.take(false) === 0) continue;
    for (const bytes of batch) {
      await tryOut(bytes);
      if (coverage.take(true) > 0) corpus.push(bytes);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  console.log(
    `${name}: ${runs} inputs, ${corpus.length} kept, ${coverage.size} blocks covered, ${kinds.size} findings (seed ${seed})`,
  );
  return kinds.size;
}

const targets = Object.entries(TARGETS).filter(([name]) => chosen === 'all' || chosen === name);
if (targets.length === 0) throw new Error(`unknown target ${chosen}; there are ${Object.keys(TARGETS).join(', ')}`);
let findings = 0;
for (const [name, target] of targets) findings += await fuzz(name, target);
process.exitCode = findings > 0 ? 1 : 0;
