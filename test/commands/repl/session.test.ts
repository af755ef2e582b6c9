import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coca, shell } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { expectedCaption } from '../../support/scenes.js';

const BOOK = fixture('scenes/0001.png');
const SQUARE = fixture('scenes/0002.png');
const TAXI = fixture('scenes/0003.png');
const BOOK_CAPTION = 'a small book on a pink background';
const TAXI_CAPTION = expectedCaption('0003.png').caption;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-session-'));
  writeFileSync(join(folder, 'broken.png'), 'no picture');
  writeFileSync(join(folder, 'with blank.png'), readFileSync(TAXI));
  writeFileSync(join(folder, 'evil\u001b]0;x\u0007.png'), readFileSync(TAXI));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A session without a terminal. */
const session = (lines: readonly string[], args: readonly string[] = ['repl']) =>
  coca([...args, '--quiet'], { input: `${lines.join('\n')}\n`, cwd: folder });

describe('a session for programs', () => {
  it('does its lines one after the other on the picture that is open', async () => {
    const lines = [`open ${BOOK}`, 'caption', '# a remark', '', 'rank a dog | a small book', 'caption --json'];
    const { code, stdout, stderr } = await session(lines);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [caption, first, second, ...json] = stdout.split('\n');
    expect(caption).toBe(BOOK_CAPTION);
    expect(first).toMatch(/\ta small book$/);
    expect(second).toMatch(/\ta dog$/);
    expect(JSON.parse(json.join('\n'))).toMatchObject([{ image: BOOK, caption: BOOK_CAPTION }]);
  });

  it('gives what the shell commands give that it exports', async () => {
    const lines = [
      `open ${BOOK} ${TAXI}`,
      '2',
      'rank a dog | a taxi',
      'set beams 3',
      'caption @1 @2',
      'attend',
      'export',
    ];
    const { code, stdout } = await session(lines);
    expect(code).toBe(0);
    const [results, script] = stdout.split('#!/usr/bin/env bash\n');
    expect(script!.trim().split('\n').slice(1)).toEqual([
      `coca rank ${TAXI} 'a dog' 'a taxi' --quiet`,
      `coca caption ${BOOK} ${TAXI} --quiet --beams 3`,
      `coca attend ${TAXI} '${TAXI_CAPTION}' --quiet`,
    ]);
    const again = await shell(script!);
    expect(again.stderr).toBe('');
    expect(results!.endsWith(again.stdout)).toBe(true);
  });

  it('attend goes on from the caption that was sampled', async () => {
    const lines = [`open ${BOOK}`, 'caption --strategy sample --temperature 3 --seed 4 --max-length 8', 'attend'];
    const { stdout } = await session(lines);
    const [sampled, ...rows] = stdout.trim().split('\n');
    const words = rows.map((row) => row.split('\t')[0]);
    // Texts are read in lower case.
    expect(words.join('')).toBe(sampled!.replaceAll(' ', '').toLowerCase());
  });

  it('what is set yields to what is typed', async () => {
    const lines = [`open ${BOOK}`, 'set beams 4', 'caption --strategy greedy --json'];
    const { code, stdout, stderr } = await coca(['repl'], { input: `${lines.join('\n')}\n` });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)[0].caption).toMatch(/^a /);
    expect(stderr).toMatch(/the session's --beams is left out here: beams 4 means nothing to strategy greedy/);
  });

  it('options are checked before pictures are looked for, and hints name what works here', async () => {
    const lines = [
      'attend --foo',
      `open ${BOOK}`,
      'caption --beems 3',
      'caption --strategy odd 9',
      'close --foo',
      'save',
      'coca save x.json',
      'show 1 2',
      'coca book.png',
    ];
    const { code, stderr } = await session(lines);
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      "coca: line 1: unknown option '--foo' (attend --help shows what it takes)",
      "coca: line 3: unknown option '--beems' (did you mean --beams?)",
      expect.stringMatching(/^coca: line 4: .*--strategy takes/),
      "coca: line 5: unknown option '--foo' (close --help shows what it takes)",
      'coca: line 6: FILE is missing (save --help shows what it takes)',
      'coca: line 7: save is a verb of the session (without coca: save)',
      'coca: line 8: too many arguments for show (show --help shows what it takes)',
      "coca: line 9: unknown command 'book.png' (a picture? book.png alone opens it)",
    ]);
    const { stdout } = await session(['save --help']);
    expect(stdout).toMatch(/^save: /);
  });

  it('a picture is no caption', async () => {
    const lines = [
      `attend ${BOOK} ${TAXI} a`,
      `rank ${BOOK} ${TAXI} a dog | a cat`,
      `open ${BOOK}`,
      `compare @1 | a dog`,
    ];
    const { code, stderr } = await session(lines);
    expect(code).toBe(1);
    expect(stderr.match(/is a picture, and stands where a text is meant/g)).toHaveLength(3);
  });

  it('a line that fails is one line on stderr; the others are done: 1', async () => {
    const { code, stdout, stderr } = await session([
      'captoin',
      'beams 4',
      `open ${BOOK}`,
      'caption',
      'rank "a',
      'caption broken.png',
    ]);
    expect(code).toBe(1);
    expect(stdout).toBe(`${BOOK_CAPTION}\n`);
    expect(stderr.trim().split('\n')).toEqual([
      "coca: line 1: unknown verb 'captoin', and no file of that name (did you mean caption?)",
      "coca: line 2: unknown verb 'beams', and no file of that name (it is an option: set beams 4)",
      'coca: line 5: the quote " before "a" is not closed (with a backslash before it, it stands for itself)',
      expect.stringMatching(/^coca: broken\.png/),
    ]);
  });

  it('words from elsewhere are understood', async () => {
    const { code, stdout } = await session([`open ${BOOK}`, '/caption', '?', '/rank a dog | a book', ':q', 'caption']);
    expect(code).toBe(0);
    expect(stdout.startsWith(`${BOOK_CAPTION}\n`)).toBe(true);
    expect(stdout).toContain('In a session:');
    expect(stdout).toMatch(/\ta dog\n$/);
    for (const word of ['q', 'bye', '/bye', '/quit']) {
      expect(await session([word, 'nonsense'])).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it('the result of a line goes into a file or through a command, as in a shell', async () => {
    const lines = [
      `open ${BOOK}`,
      'caption > said.txt',
      'caption >>said.txt',
      "rank a dog | a book > 'two ranks.tsv'",
      'caption | tr a-z A-Z',
      "rank 'a > b' --top 1",
      '!echo "$((6 * 7))"; exit 3',
      'caption | false',
      'caption >',
      'caption |',
      'caption > a b',
      'export',
    ];
    const { code, stdout, stderr } = await session(lines);
    expect(code).toBe(1);
    const [upper, ranked, answer, ...script] = stdout.trim().split('\n');
    expect([upper, answer]).toEqual([BOOK_CAPTION.toUpperCase(), '42']);
    expect(ranked).toMatch(/\ta > b$/);
    expect(readFileSync(join(folder, 'said.txt'), 'utf8')).toBe(`${BOOK_CAPTION}\n`.repeat(2));
    expect(readFileSync(join(folder, 'two ranks.tsv'), 'utf8')).toMatch(/\ta book\n.*\ta dog\n$/);
    expect(stderr.trim().split('\n')).toEqual([
      'coca: echo "$((6 * 7))"; exit 3 ended with exit code 3',
      'coca: false ended with exit code 1',
      'coca: line 9: after > a file is missing (caption > caption.txt)',
      'coca: line 10: after the bar (|) a command is missing (caption | wc -w)',
      "coca: line 11: after > stands one file, not also 'b'",
    ]);
    expect(script.slice(2, 5)).toEqual([
      `coca caption ${BOOK} --quiet > said.txt`,
      `coca caption ${BOOK} --quiet`,
      `coca rank ${BOOK} 'a dog' 'a book' --quiet > 'two ranks.tsv'`,
    ]);
  });

  it('goes to another folder, where what is open stays open', async () => {
    mkdirSync(join(folder, 'below/deep'), { recursive: true });
    writeFileSync(join(folder, 'below/taxi.png'), readFileSync(TAXI));
    writeFileSync(join(folder, 'below/notes.txt'), '');
    const lines = [
      'open below/taxi.png',
      'caption',
      'cd below',
      'ls',
      'pictures',
      'caption',
      'cd ..',
      'pictures',
      'export',
    ];
    const { code, stdout, stderr } = await session([...lines, 'cd nowhere', 'ls below/taxi.png']);
    expect(code).toBe(1);
    const [said, ...rest] = stdout.trim().split('\n');
    expect(said).toBe(TAXI_CAPTION);
    expect(rest.slice(0, 5)).toEqual([
      'deep/',
      'taxi.png',
      `*1\ttaxi.png\t${TAXI_CAPTION}`,
      TAXI_CAPTION,
      `*1\tbelow/taxi.png\t${TAXI_CAPTION}`,
    ]);
    const script = rest.slice(5).join('\n');
    expect(script.split('\n').slice(2)).toEqual([
      'coca caption below/taxi.png --quiet',
      'cd below',
      'coca caption taxi.png --quiet',
      'cd ..',
    ]);
    expect(stderr).toMatch(/^coca: line 10: no such file: nowhere\ncoca: line 11: .*taxi\.png/);
    const again = await shell(`cd ${realpathSync(folder)}\n${script}`);
    expect(again.stdout).toBe(`${TAXI_CAPTION}\n`.repeat(2));
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });

  it('captions that a model said come back with it', async () => {
    cpSync(fixture('models/scenes'), join(folder, 'same'), { recursive: true });
    const lines = [`open ${BOOK}`, 'caption', 'model ./same', 'pictures', 'unset model', 'pictures'];
    const { stdout } = await session(lines);
    expect(stdout.split('\n').slice(2)).toEqual([`*1\t${BOOK}`, `*1\t${BOOK}\t${BOOK_CAPTION}`, '']);
  });

  it('nothing could be done: 2; nothing was asked: 0', async () => {
    expect((await session(['caption', 'nonsense'])).code).toBe(2);
    expect((await session([''])).code).toBe(0);
  });

  it('"coca" alone is a session; quit ends it', async () => {
    const { code, stdout } = await session([`caption ${BOOK}`, 'quit', 'caption'], []);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${BOOK_CAPTION}\n` });
  });

  it('begins with a picture, and with options for all of its commands', async () => {
    const { stdout } = await session(['caption --json', 'set'], ['repl', TAXI, '--seed', '7']);
    expect(JSON.parse(stdout.slice(0, stdout.indexOf(']\n') + 1))).toMatchObject([{ caption: TAXI_CAPTION }]);
    expect(stdout).toMatch(/^seed 7$/m);
  });

  it('paths as they are pasted: with blanks, in quotes, escaped, as URLs of files', async () => {
    const path = join(folder, 'with blank.png');
    const lines = [path, `"${path}"`, path.replace(' ', '\\ '), `file://${path.replace(' ', '%20')}`, 'pictures'];
    const { code, stdout } = await session(lines);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `*1\t${path}\n` });
  });

  it('names and captions with apostrophes', async () => {
    const path = join(folder, "Anna's dog's.png");
    cpSync(BOOK, path);
    const { code, stdout } = await session([path, "rank Anna's dog | a dogs' bed"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\tAnna's dog$/m);
    expect(stdout).toMatch(/\ta dogs' bed$/m);
  });

  it('a walk that was left halfway is no caption of its picture', async () => {
    const lines = [
      BOOK,
      'step --script next,next',
      'attend --json',
      'step --script force:#2,run --json',
      'attend --json',
    ];
    const { stdout, code } = await session(lines);
    expect(code).toBe(0);
    const attended = stdout.split('\n').filter((line) => line.includes('"method"'));
    const [walked] = stdout.split('\n').filter((line) => line.includes('"nodes"'));
    expect(attended.map((line) => JSON.parse(line).caption)).toEqual([BOOK_CAPTION, JSON.parse(walked!).best]);
  });

  it('opens several, closes some, shows none twice', async () => {
    const lines = [
      `open ${fixture('scenes')}/000[1-3].png`,
      'pictures',
      'close 1',
      '@2',
      'close',
      'pictures',
      'close --all',
      'pictures',
    ];
    const { stdout, code } = await session(lines);
    expect(code).toBe(0);
    expect(stdout).toBe(`${`*1\t${BOOK}\n 2\t${SQUARE}\n 3\t${TAXI}\n`.repeat(2)}*1\t${SQUARE}\n`);
  });

  it('compare: pictures by captions', async () => {
    const { stdout } = await session([`open ${BOOK} ${TAXI}`, 'compare a book | a taxi', 'compare --json']);
    const lines = stdout.split('\n');
    const table = lines.slice(lines.indexOf('\ta book\ta taxi'));
    expect(table[1]).toMatch(new RegExp(`^${BOOK}\t0\\.\\d{6}\t-?0\\.\\d{6}$`));
    const cosine = (row: number, column: number): number => Number(table[row]!.split('\t')[column]);
    expect(cosine(1, 1)).toBeGreaterThan(cosine(1, 2));
    expect(cosine(2, 2)).toBeGreaterThan(cosine(2, 1));
    const objects = JSON.parse(table.slice(3).join('\n'));
    expect(objects.map(({ results }: { results: { caption: string }[] }) => results[0]!.caption)).toEqual([
      BOOK_CAPTION,
      TAXI_CAPTION,
    ]);
  });

  it('last repeats on what is current, with more options; save writes what it gave', async () => {
    const lines = [
      `open ${TAXI} ${BOOK}`,
      'rank a taxi | a book',
      '2',
      'last --top 1',
      'save out.json',
      'save out.tsv',
      'save out.tsv',
    ];
    const { stdout, stderr, code } = await session(lines);
    expect(code).toBe(1);
    expect(stderr).toBe('coca: line 7: out.tsv is there already (--force replaces it)\n');
    const shown = stdout.split('\n').slice(2);
    expect(shown[0]).toMatch(/\ta taxi$/);
    expect(shown[2]).toMatch(/\ta book$/);
    expect(readFileSync(join(folder, 'out.tsv'), 'utf8')).toBe(`${shown[2]}\n`);
    const [saved] = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
    expect(saved).toMatchObject({ image: BOOK, results: [{ caption: 'a book', rank: 1 }] });
  });

  it('save: what was found, whatever has been set since', async () => {
    const lines = [
      `rank ${BOOK} a taxi | a book`,
      'set top 1',
      'save before.json',
      'set json on',
      'save before.txt',
      'export',
    ];
    const { stdout, code } = await session(lines);
    expect(code).toBe(0);
    const [saved] = JSON.parse(readFileSync(join(folder, 'before.json'), 'utf8'));
    expect(saved.results.map(({ caption }: { caption: string }) => caption)).toEqual(['a book', 'a taxi']);
    const shown = stdout.split('\n').slice(0, 2).join('\n');
    expect(readFileSync(join(folder, 'before.txt'), 'utf8')).toBe(`${shown}\n`);
    expect(stdout).toContain(`coca rank ${BOOK} 'a taxi' 'a book' --json --quiet > before.json\n`);
    expect(stdout).toContain(`coca rank ${BOOK} 'a taxi' 'a book' --quiet > before.txt\n`);
  });

  it('export into a file: a script that bash runs', async () => {
    const { code } = await session([`caption ${BOOK}`, 'export session.sh']);
    expect(code).toBe(0);
    const script = readFileSync(join(folder, 'session.sh'), 'utf8');
    expect((await shell(script)).stdout).toBe(`${BOOK_CAPTION}\n`);
  });

  it('a pasted shell command is taken as a shell takes it', async () => {
    const { stdout } = await session([`coca rank ${BOOK} dog book --top 1`]);
    expect(stdout).toMatch(/\tbook\n$/);
  });

  it('another model, and a wrong one, which changes nothing', async () => {
    const { code, stdout, stderr } = await session(['model /nowhere', 'model', 'model scenes', `caption ${BOOK}`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: `scenes on cpu\nscenes on cpu\n${BOOK_CAPTION}\n` });
    expect(stderr).toMatch(/^coca: .*\/nowhere/);
  });

  it('stdin holds its lines: - is refused', async () => {
    const { code, stderr } = await session(['caption -', 'caption --files -']);
    expect(code).toBe(2);
    expect(stderr.match(/stdin \(-\) holds the lines of this session/g)).toHaveLength(2);
  });

  it('names that would act on a terminal are shown', async () => {
    const { stdout, stderr } = await session(["open 'evil\u001b]0;x\u0007.png'", 'pictures', 'evil\u001b[2J']);
    expect(stdout).toBe('*1\tevil\\x1b]0;x\\x07.png\n');
    expect(stderr).toMatch(/unknown verb 'evil\\x1b\[2J'/);
  });

  it('a model is set by its name in whatever case, and a misspelt one is refused with a guess', async () => {
    const { stdout, stderr, code } = await session(['set model SCENES', 'set model scens', 'model B32x', 'set']);
    expect(code).toBe(1);
    expect(stdout).toBe('quiet on\nmodel scenes\n');
    expect(stderr).toContain('coca: line 2: there is no model scens, and no such file (did you mean scenes?)\n');
    expect(stderr).toMatch(/coca: line 3: there is no model B32x, .*\(did you mean ViT-B-32, /);
  });

  it('help tells the verbs, and what one takes', async () => {
    const { stdout } = await session(['help', 'help compare', 'rank --help']);
    expect(stdout).toMatch(/In a session:[\s\S]*open[\s\S]*As in a shell[\s\S]*caption/);
    expect(stdout).toMatch(/^Usage: compare \[CAPTION\.\.\.\]/m);
    expect(stdout).toMatch(/^Usage: coca rank IMAGE CAPTION\.\.\./m);
  });

  it('a reader that leaves is no error', async () => {
    const { stdout } = await shell(
      `printf 'caption ${BOOK}\\ncaption ${TAXI}\\n' | { coca repl --quiet; echo "code $?" >&2; } | head -1`,
    );
    expect(stdout).toBe(`${BOOK_CAPTION}\n`);
  });
});
