import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { coca, runProgram } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';
import { partsOfPage } from '../../support/page.js';

const BOOK = fixture('scenes/0001.png');
const TAXI = fixture('scenes/0003.png');
const CAPTION = 'a small book';
const { at, write } = temporaryFolder();

const page = (name: string) => partsOfPage(readFileSync(at(name), 'utf8'));
const pictures = (name: string) => readFileSync(at(name), 'utf8').match(/src="data:image\/png;base64,[^"]+"/g) ?? [];

test.each([
  ['attend', [BOOK, CAPTION], 1],
  ['attend', [BOOK, CAPTION, '--method', 'occlusion', '--from-words'], 1],
  ['ground', [BOOK, CAPTION], 1],
  ['lens', [BOOK, CAPTION], 1],
  ['heads', [BOOK, CAPTION], 1],
  ['trace', [BOOK, TAXI, CAPTION], 2],
  ['step', [BOOK, '--script', 'next,next,fork,next'], 1],
] as const)(
  '%s %j --html: a page of the very JSON that --json prints, and of its pictures',
  async (command, args, count) => {
    const file = at('page.html');
    const { code, stdout, stderr } = await coca([command, ...args, '--json', '--html', file, '--device', 'cpu']);
    expect([code, stderr]).toEqual([0, `coca: the page is in ${file}\n`]);
    const { json, policy, hash } = page('page.html');
    expect(JSON.parse(json)).toEqual(JSON.parse(stdout));
    expect(policy).toContain(`script-src '${hash}'`);
    expect(new Set(pictures('page.html')).size).toBe(count);
    expect(readdirSync(at())).toEqual(['page.html']);
  },
);

test('piped, the lines come out as ever, and a page that is there is replaced', async () => {
  const file = write('a.html', 'an older page');
  const plain = await coca(['lens', BOOK, CAPTION, '-q']);
  const { code, stdout, stderr } = await coca(['lens', BOOK, CAPTION, '-q', '--html', file]);
  expect([code, stdout, stderr]).toEqual([0, plain.stdout, '']);
  expect(JSON.parse(page('a.html').json)).toMatchObject([{ image: BOOK, caption: CAPTION }]);
});

test('with nothing to show there is no page, and one that is there stays', async () => {
  const file = write('a.html', 'an older page');
  for (const command of ['attend', 'step']) {
    const { code } = await coca([command, write('broken.png', '\x89PNG\r\n\x1a\nno more'), '-q', '--html', file]);
    expect(code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe('an older page');
  }
});

test.each(['attend', 'ground', 'lens', 'heads', 'step'])(
  '%s: where a page cannot go is said before a model is looked for',
  async (command) => {
    const refused = async (file: string) => {
      const { code, stdout, stderr } = await coca([command, BOOK, '--model', 'no-such-model', '--html', file]);
      return { code, stdout, stderr };
    };
    const missing = at('nowhere', 'a.html');
    expect(await refused(missing)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`${missing}: cannot be written (ENOENT)`),
    });
    expect(await refused(at())).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot be written (EISDIR)'),
    });
    expect(await refused('-')).toMatchObject({ code: 64, stderr: expect.stringContaining('- is none') });
    const picture = write('photo.png', readFileSync(BOOK));
    expect(await refused(picture)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining(`${picture} is a picture, and would be replaced`),
    });
    expect(readFileSync(picture)).toEqual(readFileSync(BOOK));
  },
);

test('a picture is not replaced by what another option writes either', async () => {
  const picture = write('photo.png', readFileSync(BOOK));
  const { code, stderr } = await coca(['step', TAXI, '--save', picture, '--script', 'next', '-q']);
  expect([code, stderr]).toEqual([64, expect.stringContaining('is a picture')]);
  expect(readFileSync(picture)).toEqual(readFileSync(BOOK));
});

test('step: one file is not to be both the session and the page', async () => {
  const { code, stderr } = await coca(['step', BOOK, '--save', at('a'), '--html', at('a')]);
  expect([code, stderr]).toEqual([64, expect.stringContaining('--save and --html both name')]);
});

test('a session saves what was found as a page, and says which command gives it', async () => {
  const lines = [
    `open ${BOOK}`,
    `attend "${CAPTION}" --json`,
    'save attend.html',
    'step --script next,next --html walk.html',
    'save again.html',
    'save again.html',
    'save walk.json',
    'rank a book | a dog',
    'save rank.html',
    'export',
  ];
  const { code, stdout, stderr } = await coca(['repl', '--quiet'], { input: `${lines.join('\n')}\n`, cwd: at() });
  expect(code).toBe(1);
  expect(stderr.trimEnd().split('\n')).toEqual([
    'coca: line 6: again.html is there already (--force replaces it)',
    'coca: line 9: there is no page of rank (save into .json, .jsonl, or any other name for lines)',
  ]);
  expect(JSON.parse(page('attend.html').json)).toMatchObject([{ caption: CAPTION, method: 'gradient' }]);
  for (const name of ['walk.html', 'again.html']) {
    expect(JSON.parse(page(name).json)).toMatchObject([{ actions: [{ type: 'next' }, { type: 'next' }] }]);
  }
  expect(existsSync(at('rank.html'))).toBe(false);
  const script = stdout.slice(stdout.indexOf('#!/usr/bin/env bash')).trimEnd().split('\n').slice(2);
  expect(script).toEqual([
    `coca attend ${BOOK} '${CAPTION}' --json --quiet`,
    `coca attend ${BOOK} '${CAPTION}' --html attend.html --quiet`,
    `coca step ${BOOK} --script next,next --html walk.html --quiet`,
    `coca step ${BOOK} --script next,next --html again.html --quiet`,
    `coca step ${BOOK} --script next,next --json --quiet > walk.json`,
    `coca rank ${BOOK} 'a book' 'a dog' --quiet`,
  ]);
});

test('what a page is made of is in the package', async () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { code, stdout } = await runProgram('npm', args, { cwd: root, env: process.env });
  expect(code).toBe(0);
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const packed = files.map(({ path }) => path).filter((path) => path.startsWith('assets/page/'));
  expect(packed.sort()).toEqual(
    readdirSync(`${root}/assets/page`)
      .map((name) => `assets/page/${name}`)
      .sort(),
  );
});
