import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, readFileSync, truncateSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { initModel } from '../../../src/model/store/init.js';
import { CLI, startCoca } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';
import { childrenOf, engineOf, until, untilGone } from '../../support/processes.js';
import { Pty } from '../../support/pty.js';

const BOOK = fixture('scenes/0001.png');
const BOOK_CAPTION = 'a small book on a pink background';
const ENTER = '\r';
const END = '\u0004';
const INTERRUPT = '\u0003';
const inOrder = { isCooked: true, modes: new Set(['25']) };
const folder = temporaryFolder();

/** A session without a terminal, which is told its lines one by one. */
class Script {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor() {
    const env = { ...process.env, COCA_MODEL: '' };
    this.#child = spawn(process.execPath, [CLI, 'repl', '--quiet', '--device', 'cpu'], { env });
    this.#child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Says a line and waits for what it gives. */
  async answer(line: string): Promise<string> {
    const [before, failures] = [this.stdout.length, this.stderr.length];
    this.say(line);
    await until(`an answer to ${line}`, () => this.stdout.length > before || this.stderr.length > failures);
    return (this.stdout.slice(before) + this.stderr.slice(failures)).trim();
  }

  say(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  end(): Promise<number | null> {
    this.#child.stdin!.end();
    return this.ended;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

describe('a session whose engine ends', () => {
  let script: Script;
  afterEach(() => script.kill());

  test('while it computes: an error, and the next line is answered', async () => {
    script = new Script();
    expect(await script.answer(`caption ${BOOK}`)).toBe(BOOK_CAPTION);
    const engine = await engineOf(script.pid);
    script.say(`bench ${BOOK} --seconds 60`);
    // It has begun as soon as the engine computes on.
    const used = cpuOf(engine);
    await until('the engine at work', () => cpuOf(engine) > used + 5);
    const answer = script.answer(`caption ${BOOK}`);
    process.kill(engine, 'SIGSEGV');
    await answer;
    await until('the next answer', () => script.stdout.endsWith(`${BOOK_CAPTION}\n`));
    expect(script.stderr).toMatch(
      /^coca: line \d+: the engine's process was ended by SIGSEGV \(the model is loaded anew .*\)\n$/,
    );
    expect(await script.end()).toBe(1);
  });

  test('while nothing is asked: the next line is answered as ever', async () => {
    script = new Script();
    await script.answer(`caption ${BOOK}`);
    const engine = await engineOf(script.pid);
    process.kill(engine, 'SIGKILL');
    await untilGone(engine);
    // The session may not have heard of it yet.
    const answer = await script.answer(`caption ${BOOK}`);
    expect([BOOK_CAPTION, expect.stringMatching(/ended by SIGKILL/)]).toContainEqual(answer);
    expect(await script.answer(`caption ${BOOK}`)).toBe(BOOK_CAPTION);
    expect(childrenOf(script.pid)).not.toContain(engine);
    await script.end();
  });

  test('on weights that are cut short under it: an error each time, and the other model answers', async () => {
    const model = folder.at('random');
    await initModel({ config: fixture('models/scenes/open_clip_config.json'), output: model, seed: 1, dtype: 'F32' });
    copyFileSync(fixture('models/scenes/tokenizer.json'), folder.at('random/tokenizer.json'));
    script = new Script();
    expect(await script.answer(`caption ${BOOK}`)).toBe(BOOK_CAPTION);
    const engine = await engineOf(script.pid);
    const random = `caption ${BOOK} --model ${model} --max-length 8`;
    expect(await script.answer(random)).toMatch(/^[^:]+$/);
    truncateSync(folder.at('random/open_clip_model.safetensors'), 4096);
    expect(await script.answer(random)).toMatch(/^coca: line \d+: the engine's process was ended by SIGBUS/);
    // Opened anew, it is checked anew.
    expect(await script.answer(random)).toMatch(
      /^coca: line \d+: .*open_clip_model\.safetensors: .*cut short|ends beyond/,
    );
    expect(await script.answer(`caption ${BOOK}`)).toBe(BOOK_CAPTION);
    expect(childrenOf(script.pid)).toEqual([engine]);
    await script.end();
  });
});

describe('what is left of the engine', () => {
  test('nothing, after a session that was killed', async () => {
    const script = new Script();
    await script.answer(`caption ${BOOK}`);
    const engine = await engineOf(script.pid);
    script.kill();
    await untilGone(engine);
  });

  test('a command of its own starts no process', async () => {
    const preload = folder.write(
      'no-children.cjs',
      "require('node:child_process').fork = () => { throw new Error('a process was started'); };",
    );
    const { code, stdout } = await startCoca(['caption', BOOK, '--quiet'], {
      env: { NODE_OPTIONS: `--require ${preload}` },
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${BOOK_CAPTION}\n` });
  });
});

describe('a session at a terminal whose engine ends', () => {
  let pty: Pty;
  afterEach(() => pty.close());
  const start = async (): Promise<void> => {
    const options = { columns: 80, rows: 40, cwd: folder.at(), env: { COCA_HISTORY: '' } };
    pty = new Pty(['repl', BOOK, '--quiet', '--device', 'cpu'], options);
    await pty.until(new RegExp(`${BOOK_CAPTION}[\\s\\S]*0001\\.png› *$`));
  };
  const killEngine = async (signal: NodeJS.Signals) => process.kill(await engineOf(pty.pid), signal);
  const captionAgain = async (): Promise<void> => {
    pty.type(`caption --max-length 12${ENTER}`);
    await pty.until(
      /› caption --max-length 12\n\$ coca caption[^›]*a small book on a pink background\n.*scenes on cpu.*\n0001\.png› *$/,
    );
  };
  const leave = async (): Promise<void> => {
    pty.type(END);
    expect(await pty.end()).toEqual({ code: 0, ...inOrder });
  };

  test('while it computes: the error, the prompt, and another caption', async () => {
    await start();
    const engine = await engineOf(pty.pid);
    const used = cpuOf(engine);
    pty.type(`bench --seconds 60${ENTER}`);
    await pty.until(/› bench[\s\S]*(ms|working)/);
    // It has begun as soon as the engine computes on.
    await until('the engine at work', () => cpuOf(engine) > used + 5);
    process.kill(engine, 'SIGSEGV');
    await pty.until(/! the engine's process was ended by SIGSEGV\n {2}the model is loaded anew[\s\S]*0001\.png› *$/);
    await captionAgain();
    await leave();
  });

  const expectError = async (shown: RegExp): Promise<void> => {
    const screen = await pty.until(/! the engine's process was ended by SIGKILL\n[\s\S]*0001\.png› *$/);
    expect(screen).toContain(BOOK_CAPTION);
    expect(screen).not.toMatch(shown);
  };

  test('in the view of step, which waits for it: the error on the terminal as it was', async () => {
    await start();
    pty.type(`step${ENTER}`);
    await pty.until(/step 0 of 23/);
    await killEngine('SIGSTOP');
    pty.type(' ');
    await pty.until(/at work \.\.\. Esc stops/);
    await killEngine('SIGKILL');
    await expectError(/step 0 of 23/);
    await captionAgain();
    await leave();
  });

  test('in the view of attend, which does not: the same', async () => {
    await start();
    pty.type(`attend${ENTER}`);
    await pty.until(/\[a\][\s\S]*q quit/);
    await killEngine('SIGKILL');
    await expectError(/\[a\][\s\S]*q quit/);
    await captionAgain();
    await leave();
  });

  test('Ctrl-C leaves while it hangs', async () => {
    await start();
    await killEngine('SIGSTOP');
    pty.type(`caption --max-length 12${ENTER}`);
    await pty.until(/› caption --max-length 12\n\$ coca caption/);
    pty.type(INTERRUPT);
    pty.type(INTERRUPT);
    expect(await pty.end()).toEqual({ code: 130, ...inOrder });
  });
});

/** Clock ticks that a process has computed for (Linux, proc(5)). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
