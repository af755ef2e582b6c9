import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { withVerbs } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/commands/index.js';
import { CLI, type CliResult, runProgram } from '../support/cli.js';
import { temporaryFolder } from '../support/folder.js';
import { fixture } from '../support/golden.js';
import { Pty } from '../support/pty.js';
import { jsonLines, scenePairs, smallConfig } from '../support/training-run.js';

/**
 * Nothing leaves this machine, and nothing is left on it, but what was asked for. Native libraries do such things behind a
 * program's back, and less so where `CI` is set; so these run the built program in an environment of a user's.
 */

const BOOK = fixture('scenes/0001.png');
const CAPTION = 'a small book on a pink background';
const { at, write } = temporaryFolder();

let env: NodeJS.ProcessEnv;
beforeEach(() => {
  for (const name of ['home', 'cwd', 'tmp']) mkdirSync(at(name));
  // Nothing of the test runner's own: neither CI nor variables that quiet a library.
  env = { PATH: process.env.PATH, HOME: at('home'), TMPDIR: at('tmp'), LANG: 'C.UTF-8', HF_HUB_OFFLINE: '1' };
});

/** All files below a folder, by their paths in it. */
const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
const left = () => ['home', 'cwd', 'tmp'].flatMap((name) => filesUnder(at(name)).map((file) => `${name}/${file}`));

const hasStrace = spawnSync('strace', ['-V']).status === 0;

interface Ran extends CliResult {
  /** Calls to the kernel that open a socket to elsewhere; none are seen where there is no strace. */
  readonly sockets: readonly string[];
}

async function run(args: readonly string[], input = '', isTraced = hasStrace): Promise<Ran> {
  const log = at('strace');
  const traced = [
    '-f',
    '-qq',
    '--seccomp-bpf',
    '-e',
    'trace=socket,connect',
    '-e',
    'signal=none',
    '-o',
    log,
    process.execPath,
  ];
  const [program, before] = isTraced ? ['strace', traced] : [process.execPath, []];
  const result = await runProgram(program, [...before, CLI, ...args], { input, cwd: at('cwd'), env });
  const calls = isTraced ? readFileSync(log, 'utf8').split('\n') : [];
  // Sockets within the machine join processes; AF_UNIX to a name server's daemon would be a look-up.
  return { ...result, sockets: calls.filter((call) => /AF_(INET|NETLINK|PACKET)|nscd|resolve/.test(call)) };
}

/** What each command is run as, and the files that it is asked for. */
const RUNS: Record<string, { args: () => string[]; input?: string; makes?: string[]; code?: number }> = {
  repl: {
    args: () => ['repl', BOOK],
    input: 'caption\nrank a dog | a book\nattend --json\nstep --script run --json\ncompare a dog\nquit\n',
  },
  caption: {
    args: () => ['caption', BOOK, '-o', 'out.jsonl', '--write-txt'],
    makes: ['cwd/out.jsonl', 'cwd/out.jsonl.run.json'],
  },
  rank: { args: () => ['rank', BOOK, 'a dog', 'a book', '--by', 'both'] },
  classify: { args: () => ['classify', BOOK, '--labels', 'dog,book', '--write-xmp'], makes: ['cwd/book.png.xmp'] },
  ask: { args: () => ['ask', BOOK, 'is there a book', '--answers', 'yes,no'] },
  attend: { args: () => ['attend', BOOK, '--json'] },
  ground: { args: () => ['ground', BOOK, '--json'], makes: ['home/.cache/coca/mean-pictures/*'] },
  lens: { args: () => ['lens', BOOK] },
  heads: { args: () => ['heads', BOOK] },
  trace: { args: () => ['trace', BOOK, BOOK, CAPTION] },
  explain: {
    args: () => ['explain', BOOK],
    makes: ['home/.cache/coca/concepts/*', 'home/.cache/coca/mean-pictures/*'],
  },
  step: { args: () => ['step', BOOK, '--script', 'next,run', '--json'] },
  embed: { args: () => ['embed', BOOK, '--shard', '0/1', '-o', 'parts'], makes: ['cwd/parts/*'] },
  parts: { args: () => ['parts', '.'], code: 2 },
  index: { args: () => ['index', '.', '--captions'], makes: ['home/.cache/coca/collections/*'] },
  search: { args: () => ['search', 'a book', '.'], makes: ['home/.cache/coca/collections/*'] },
  dedupe: { args: () => ['dedupe', '.'], makes: ['home/.cache/coca/collections/*'] },
  cluster: {
    args: () => ['cluster', '.', '-o', 'sheets'],
    makes: ['home/.cache/coca/collections/*', 'home/.cache/coca/concepts/*', 'cwd/sheets/*'],
  },
  models: { args: () => ['models'] },
  'models list': { args: () => ['models', 'list'] },
  'models pull': { args: () => ['models', 'pull', 'coca_ViT-B-32'], code: 2 },
  'models use': { args: () => ['models', 'use', 'scenes'], makes: ['home/.config/coca/settings.json'] },
  'models info': { args: () => ['models', 'info'] },
  'models sites': { args: () => ['models', 'sites'] },
  'models remove': { args: () => ['models', 'remove', 'coca_ViT-B-32'], code: 2 },
  init: {
    args: () => ['init', smallConfig(at('config.json'), 49408), 'fresh'],
    makes: ['cwd/fresh/open_clip_config.json', 'cwd/fresh/open_clip_model.safetensors'],
  },
  scenes: {
    args: () => ['scenes', 'world', '--count', '1'],
    makes: ['cwd/world/captions.jsonl', 'cwd/world/000001.png', 'cwd/world/scenes.json'],
  },
  train: {
    args: () => [
      ...['train', write('four.jsonl', jsonLines(scenePairs(4))), '-o', 'run', '--batch', '4', '--steps', '1'],
      ...['--config', smallConfig(at('config.json')), '--train-tokenizer', '560', '--device', 'wasm'],
    ],
    makes: ['cwd/run/*'],
  },
  probe: {
    args: () => {
      const rows = scenePairs(4).map(({ image }, i) => ({ image, label: i < 2 ? 'one' : 'other' }));
      return ['probe', write('labels.jsonl', jsonLines(rows)), '-o', 'head.safetensors'];
    },
    makes: ['cwd/head.safetensors', 'home/.cache/coca/features/*'],
  },
  eval: {
    args: () => ['eval', write('four.jsonl', jsonLines(scenePairs(4))), '--captioning', '--retrieval', '--perplexity'],
  },
  bench: { args: () => ['bench', '--seconds', '0'] },
  serve: { args: () => ['serve', '--status'], code: 2 },
  completion: { args: () => ['completion', 'zsh'] },
  doctor: { args: () => ['doctor'] },
};

test('every command has its run here', () => {
  expect(Object.keys(RUNS).sort()).toEqual(
    withVerbs(COMMANDS)
      .map(({ name }) => name)
      .sort(),
  );
});

describe.each(Object.entries(RUNS))('coca %s', (_, { args, input, makes = [], code = 0 }) => {
  test('writes what was asked for, opens no connection, says nothing of its own', async () => {
    // A text beside a picture is asked for, in the picture's folder.
    copyFileSync(BOOK, at('cwd/book.png'));
    const words = args().map((word) => (word === BOOK ? 'book.png' : word));
    const ran = await run(words, input);
    expect({ code: ran.code, stderr: ran.code === code ? '' : ran.stderr }).toEqual({ code, stderr: '' });
    const wanted = ['cwd/book.png', ...(words.includes('--write-txt') ? ['cwd/book.txt'] : [])];
    const isMade = (file: string) =>
      makes.some((name) => (name.endsWith('/*') ? file.startsWith(name.slice(0, -1)) : file === name));
    const found = left().filter((file) => !isMade(file));
    expect(found).toEqual(wanted);
    expect(ran.sockets).toEqual([]);
    expect(ran.stdout + ran.stderr).not.toMatch(/telemetry|onnxruntime\/|\x1b/i);
  });
});

test('a session on a terminal remembers its lines, and that is all', async () => {
  const pty = new Pty(['repl', BOOK], { columns: 80, rows: 24, cwd: at('cwd'), env: { ...env, COCA_CONFIG: '' } });
  try {
    await pty.until(/0001\.png/);
    pty.type('caption\r');
    await pty.until(new RegExp(CAPTION));
    pty.type('quit\r');
    expect((await pty.end()).code).toBe(0);
  } finally {
    pty.close();
  }
  expect(left()).toEqual(['home/.local/state/coca/history']);
});

test('a home that is none: nothing beside it either', async () => {
  env = { ...env, HOME: '/dev/null' };
  const { code, stdout, stderr } = await run(['caption', BOOK, '-q']);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${CAPTION}\n`, stderr: '' });
  expect(left()).toEqual([]);
});

test('as a library in a thread, whose environment native code does not see', async () => {
  const library = new URL('../../dist/model/index.js', import.meta.url).href;
  const program = `
    import { readFileSync } from 'node:fs';
    import { parentPort } from 'node:worker_threads';
    const { decodingOptions, loadCoca, loadPicture } = await import('${library}');
    const coca = await loadCoca();
    const picture = await loadPicture(readFileSync('${BOOK}'), coca.preprocess);
    const { captions } = await coca.caption(await coca.encodeImages([picture]), decodingOptions({}, coca.config.text));
    parentPort.postMessage(coca.tokenizer.decode(captions[0][0].ids));
    await coca.close();
  `;
  const host = `
    const { Worker } = await import('node:worker_threads');
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(program)})));
    worker.on('message', (text) => console.log(text));
    worker.on('error', (error) => { console.error(error); process.exitCode = 1; });
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', host], {
    cwd: at('cwd'),
    env,
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${CAPTION}\n`, stderr: '' });
  expect(left()).toEqual([]);
});

describe('long command lines', () => {
  test('2,500 pictures as arguments', async () => {
    const names = Array.from({ length: 2500 }, (_, i) => `picture-with-a-long-name-${i}.png`);
    symlinkSync(BOOK, at('cwd', names[0]!));
    symlinkSync(BOOK, at('cwd', names.at(-1)!));
    const { code, stdout } = await run(['embed', ...names, '-q', '--jsonl'], '', false);
    expect(code).toBe(1);
    const results = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(results.map(({ image }) => image)).toEqual(names);
    expect(results.filter(({ embedding }) => embedding)).toHaveLength(2);
  });

  test('a prompt of 120 kB is refused by name', async () => {
    const { code, stdout, stderr } = await run(['caption', BOOK, '--prompt', 'word '.repeat(24_000)]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(/prompt/);
    expect(stderr.length).toBeLessThan(1000);
  });
});
