import { spawn } from 'node:child_process';
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

/** Runs the built program as a shell would, without a terminal. */
export const coca = (args: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  runProgram(process.execPath, [CLI, ...args], { ...options, env: inherited(options.env) });

/** The same through a shell, for pipes and redirections; `coca` in the script is the program. */
export const shell = (script: string, options: CliOptions = {}): Promise<CliResult> =>
  runProgram('bash', ['-c', `coca() { "${process.execPath}" "${CLI}" "$@"; }\n${script}`], {
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
