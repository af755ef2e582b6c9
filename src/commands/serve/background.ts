import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type CommandContext, GLOBAL_OPTIONS, type Invocation, kebab, type Outcome } from '../../cli/command.js';
import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { isRunning } from '../../model/base/processes/running.js';
import { announce, announced, type RuntimeFacts, retract, runtimeFolder } from '../../server/remote/runtime-file.js';
import { safeJson } from '../../ui/text.js';
import { SERVE_OPTIONS } from './options.js';

const PROGRAM = fileURLToPath(new URL('../../cli.js', import.meta.url));
/** The longest path that a Unix socket can have everywhere (macOS has 104 bytes for it). */
const LONGEST_SOCKET = 100;
const DONE: Outcome = { done: 1, failed: 0 };
/** How often it is looked whether a server has ended. */
const LOOK_MS = 50;

/** Starts the same server as a process that stays, and waits until it is ready. */
export async function startInBackground(invocation: Invocation, context: CommandContext): Promise<Outcome> {
  const running = await announced();
  if (running) {
    const hint = 'coca serve --stop ends it';
    throw new CocaError('usage', `a server runs in the background already, as process ${running.pid}`, hint);
  }
  const folder = runtimeFolder();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const log = logOf(folder);
  const stderr = openSync(log, 'w', 0o600);
  const child = spawn(process.execPath, [PROGRAM, 'serve', ...wordsOf(invocation, folder), '--json'], {
    detached: true,
    stdio: ['ignore', 'pipe', stderr],
  });
  closeSync(stderr);
  const onStop = (): void => void child.kill('SIGTERM');
  context.signal.addEventListener('abort', onStop, { once: true });
  context.status.show('loading the model');
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout!.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (text.includes('\n')) resolve(text);
    });
    child.on('error', reject);
    child.on('close', async () => reject(await endedError(log)));
  }).finally(() => context.status.clear());
  context.signal.removeEventListener('abort', onStop);
  stopIfAborted(context.signal);
  const facts = JSON.parse(said) as RuntimeFacts;
  await announce(facts);
  child.stdout!.destroy();
  child.unref();
  await tell(facts, invocation, context);
  context.notice(`process ${facts.pid} serves ${facts.models.join(', ')}; its log is ${log}`);
  return DONE;
}

/** Says which server runs in the background. */
export async function showStatus(invocation: Invocation, context: CommandContext): Promise<Outcome> {
  const facts = await runningOne();
  await tell(facts, invocation, context);
  return DONE;
}

/** Ends it, and waits until it has ended. */
export async function stopBackground(context: CommandContext): Promise<Outcome> {
  const { pid } = await runningOne();
  process.kill(pid, 'SIGTERM');
  while (isRunning(pid) && (await announced())?.pid === pid) {
    stopIfAborted(context.signal);
    await wait(LOOK_MS);
  }
  await retract();
  context.notice(`process ${pid} has ended`);
  return DONE;
}

async function runningOne(): Promise<RuntimeFacts> {
  const facts = await announced();
  if (facts) return facts;
  throw new CocaError('not-found', 'no server runs in the background', 'coca serve --background starts one');
}

async function tell(facts: RuntimeFacts, { options }: Invocation, { out }: CommandContext): Promise<void> {
  const { address, pid, models } = facts;
  await out.line(options.json ? safeJson({ address, pid, models, log: logOf(runtimeFolder()) }) : address);
}

const logOf = (folder: string): string => join(folder, 'server.log');

/** What was typed, as words for another process. Where no place was named, it is a socket that only this user can reach. */
function wordsOf({ options, typed }: Invocation, folder: string): string[] {
  const specs = { ...SERVE_OPTIONS, ...GLOBAL_OPTIONS };
  const words = Object.entries(specs).flatMap(([name, { type }]) => {
    if (!typed.has(name) || ['background', 'json'].includes(name)) return [];
    if (type === 'flag') return [`--${kebab(name)}`];
    return [options[name]]
      .flat()
      .map((value) => `--${kebab(name)}=${name === 'batch' && value === 0 ? 'auto' : value}`);
  });
  if (['socket', 'port', 'host'].some((name) => typed.has(name))) return words;
  const socket = join(folder, 'server.sock');
  const isFit = process.platform !== 'win32' && Buffer.byteLength(socket) <= LONGEST_SOCKET;
  return [...words, ...(isFit ? [`--socket=${socket}`] : ['--port=0'])];
}

async function endedError(log: string): Promise<CocaError> {
  const lines = (await readFile(log, 'utf8').catch(() => '')).split('\n');
  const said = lines.findLast((line) => line.startsWith('coca: '))?.slice('coca: '.length);
  return new CocaError('engine', said ?? 'the server ended before it was ready', `its log is ${log}`);
}
