import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** As `CliOptions`, with the whole environment instead of what differs from this one's. */
export interface ProgramOptions extends CliOptions {
  readonly env: NodeJS.ProcessEnv;
}

const inherited = (env: NodeJS.ProcessEnv | undefined) => ({ ...process.env, COCA_MODEL: '', ...env });

/** Starts the built program as a shell would, without a terminal. */
export const startCoca = (args: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  runProgram(process.execPath, [CLI, ...args], { ...options, env: inherited(options.env) });

/** What is read as a process begins, or as a package is loaded: only a process of its own sees another value. */
const READ_AT_START = [
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'FONTCONFIG_FILE',
  'FORCE_COLOR',
  'NO_COLOR',
  'TERM',
  'COLORTERM',
];

/** Runs a command line as `startCoca` does, in a process that may have run others before where the command allows it. */
export async function coca(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  if (READ_AT_START.some((name) => name in (options.env ?? {}))) return startCoca(args, options);
  const host = idle.pop() ?? (await startHost());
  const { input = '', cwd } = options;
  const answer = await new Promise<HostAnswer>((resolve) => {
    const ended = () => resolve({ error: `the process of \`coca ${args.join(' ')}\` ended` });
    host.once('exit', ended);
    host.once('message', (message: HostAnswer) => {
      host.off('exit', ended);
      resolve(message);
    });
    host.send({ args, env: inherited(options.env), cwd, input });
  });
  if ('error' in answer) throw new Error(answer.error);
  idle.push(host);
  return answer.result;
}

type HostAnswer = { readonly result: CliResult } | { readonly error: string };

const HOST = fileURLToPath(new URL('host.mjs', import.meta.url));
/** Hosts that wait for a command line; a test that runs several at once has several. They end with this process. */
const idle: ChildProcess[] = [];

async function startHost(): Promise<ChildProcess> {
  const host = fork(HOST, [], { serialization: 'advanced', stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  await once(host, 'message');
  return host;
}

/** The same through a shell, for pipes and redirections; `coca` in the script is the program. */
export const shell = (script: string, options: CliOptions = {}): Promise<CliResult> =>
  runProgram('bash', ['--norc', '-c', `coca() { "${process.execPath}" "${CLI}" "$@"; }\n${script}`], {
    ...options,
    env: inherited(options.env),
  });

/** Any program, without a terminal. */
export function runProgram(
  program: string,
  args: readonly string[],
  { input, env, cwd }: ProgramOptions,
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}
