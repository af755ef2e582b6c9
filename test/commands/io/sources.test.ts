import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SIGNAL_EXIT_CODES } from '../../../src/cli/signals.js';
import { CLI, coca, shell } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';

const BOOK = fixture('scenes/0001.png');
const BOOK_CAPTION = 'a small book on a pink background';

describe('pictures by URL, from a server on this machine', () => {
  let server: Server;
  let base: string;
  const paths: Record<string, (reply: import('node:http').ServerResponse) => void> = {
    '/book.png': (reply) => reply.end(readFileSync(BOOK)),
    '/moved': (reply) => reply.writeHead(302, { location: '/book.png' }).end(),
  };
  beforeAll(async () => {
    server = createServer((request, reply) => {
      const answer = paths[request.url!];
      if (answer) answer(reply);
      else reply.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('is captioned, also after a redirect', async () => {
    expect((await coca(['caption', `${base}/book.png`, '-q'])).stdout).toBe(`${BOOK_CAPTION}\n`);
    expect((await coca(['caption', `${base}/moved`, '-q'])).stdout).toBe(`${BOOK_CAPTION}\n`);
  });

  test('a failed one among good ones leaves the others', async () => {
    const { code, stdout } = await coca(['caption', `${base}/nothing`, BOOK, '-q']);
    expect([code, stdout]).toEqual([1, `${BOOK}\t${BOOK_CAPTION}\n`]);
  });
});

describe('what need not be said', () => {
  const { at } = temporaryFolder();
  const named = (...names: string[]) => names.map((name) => `${name}\t${BOOK_CAPTION}\n`).join('');

  test('a folder stands for its pictures, in the order of their names; --recursive for those below, too', async () => {
    mkdirSync(at('photos/deep/.hidden'), { recursive: true });
    for (const name of ['b.png', 'a.PNG', 'notes.txt', 'deep/c.png', 'deep/.hidden/d.png']) {
      copyFileSync(BOOK, at(`photos/${name}`));
    }
    symlinkSync('..', at('photos/deep/up'));
    const run = (...args: string[]) => coca([...args, '-q'], { cwd: at() });
    expect((await run('caption', 'photos')).stdout).toBe(named('photos/a.PNG', 'photos/b.png'));
    expect((await run('photos/')).stdout).toBe(named('photos/a.PNG', 'photos/b.png'));
    expect((await run('caption', 'photos/deep')).stdout).toBe(named('photos/deep/c.png'));
    const deep = await run('caption', 'photos', '--recursive');
    expect(deep.stdout).toBe(named('photos/a.PNG', 'photos/b.png', 'photos/deep/c.png'));
    expect((await run('attend', 'photos')).stderr).toContain('photos names several pictures');
    mkdirSync(at('empty'));
    const empty = await run('caption', 'empty', 'photos/b.png');
    expect([empty.code, empty.stdout]).toEqual([1, named('photos/b.png')]);
    expect(empty.stderr).toMatch(/^coca: there are no pictures in empty \(.*\)\n$/);
  });

  test('a picture in the place of a command is captioned', async () => {
    expect((await coca([BOOK, '-q'])).stdout).toBe(`${BOOK_CAPTION}\n`);
    expect((await coca([BOOK, BOOK, '-q'])).stdout).toBe(named(BOOK, BOOK));
    // What is no picture stays a wrong word.
    expect(await coca(['capton', BOOK])).toMatchObject({ code: 64, stderr: expect.stringContaining("'capton'") });
  });

  test.each([
    ['caption', /^a small book on a pink background$/m],
    ['attend', /^book\t/m],
    ['embed', /^-\t/m],
    ['classify --labels book,dog', /^book\t/m],
    ['--quiet step --script run', /a small book on a pink background/],
  ])('a picture on stdin need not be named: coca %s', async (line, expected) => {
    const { code, stdout } = await coca([...line.split(' '), '-q'], { input: readFileSync(BOOK) });
    expect([code, stdout]).toEqual([0, expect.stringMatching(expected)]);
  });

  test.each([
    [['rank', 'a book', 'dog'], /\ta book$/m],
    [['attend', 'a book'], /^book\t/m],
  ])('a text in its place names no picture: coca %j', async (line, expected) => {
    const input = readFileSync(BOOK);
    expect(await coca([...line, '-q'], { input })).toMatchObject({ code: 0, stdout: expect.stringMatching(expected) });
    // What could name a file is one that is not there.
    const missing = await coca([line[0]!, 'a.png', 'a book', '-q'], { input });
    expect(missing).toMatchObject({ code: 2, stderr: 'coca: no such file: a.png\n' });
  });

  test.each([
    ['rank --files - book taxi --json -q', `${fixture('scenes/0001.png')}\n`],
    [`rank -i ${fixture('scenes/0001.png')} book taxi --json -q`, 'what the loop around it reads'],
  ])('where an option names the pictures, stdin is none besides: coca %s', async (line, input) => {
    const { code, stdout } = await coca(line.split(' '), { input });
    expect(code).toBe(0);
    const ranked = JSON.parse(stdout).map(({ results }: { results: { caption: string }[] }) => results);
    expect(ranked.map((results: { caption: string }[]) => results.map(({ caption }) => caption))).toEqual([
      ['book', 'taxi'],
    ]);
  });

  test('with nothing on stdin, IMAGE is missing as ever', async () => {
    for (const command of ['caption', 'attend', 'step']) {
      expect(await coca([command])).toMatchObject({ code: 64, stderr: expect.stringContaining('IMAGE is missing') });
    }
  });
});

describe('names from a hostile disk', () => {
  test('a name that is not UTF-8 is read, and shown reversibly', async () => {
    const { stdout } = await shell(
      `cd "$(mktemp -d)" && cp "${BOOK}" $'b\\xff.png' && printf 'b\\xff.png\\0' | coca caption --files0 - -q --jsonl; rm -r "$PWD"`,
    );
    const { image, caption } = JSON.parse(stdout);
    expect([image, caption]).toEqual(['b\udcff.png', BOOK_CAPTION]);
  });

  test('escape sequences in a name are shown, not obeyed', async () => {
    const { stdout, stderr } = await shell(
      `cd "$(mktemp -d)" && cp "${BOOK}" $'\\e]0;owned\\a.png' && coca caption -q $'\\e]0;owned\\a.png' $'no\\e[2J.png'; rm -r "$PWD"`,
    );
    expect(stdout).toContain(BOOK_CAPTION);
    expect(stdout + stderr).not.toContain('\x1b');
    expect(stdout + stderr).not.toContain('\x07');
    expect(stdout).toContain('owned');
    expect(stderr).toContain('no such file');
  });
});

test.each([['attend', BOOK], ['caption', BOOK, '--watch'], ['repl']])(
  'a terminal whose keys do not come from it: coca %s ends by itself, without failure',
  async (...args) => {
    const line = `'${process.execPath}' '${CLI}' ${args.map((word) => `'${word}'`).join(' ')} < /dev/null`;
    const { code, stdout } = await shell(`script -qec "${line}" /dev/null`);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/unexpected|raw mode|\n\s+at /i);
  },
);

describe('signals', () => {
  test.each(Object.entries(SIGNAL_EXIT_CODES))('%s ends a run with %d, its results whole', async (name, code) => {
    const { stdout } = await shell(
      `list=$(mktemp); for i in $(seq 5000); do echo "${BOOK}"; done > "$list"; out=$(mktemp)
       node "$CLI" caption --files "$list" -q --jsonl > "$out" & pid=$!
       until [ "$(wc -l < "$out")" -ge 3 ]; do sleep 0.05; done
       kill -s ${name.slice(3)} $pid; wait $pid; echo "exit $?"; tail -c 1 "$out" | od -An -c; tail -1 "$out"; rm "$list" "$out"`,
      { env: { CLI: fixture('../dist/cli.js') } },
    );
    const [exit, last, line] = stdout.trim().split('\n');
    expect(exit).toBe(`exit ${code}`);
    expect(last!.trim()).toBe('\\n');
    expect(JSON.parse(line!).caption).toBe(BOOK_CAPTION);
  });
});
