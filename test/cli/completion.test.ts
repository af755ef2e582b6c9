import { chmodSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vocabularyOf } from '../../src/cli/completion/vocabulary.js';
import { COMMANDS } from '../../src/commands/index.js';
import { CLI, coca } from '../support/cli.js';
import { temporaryFolder } from '../support/folder.js';
import { hasProgram } from '../support/programs.js';
import { bash, type CompletingShell, fish, registered, zsh } from '../support/shell-completion.js';

const { at, write } = temporaryFolder();

/** A folder with a picture, a text and a folder, and `coca` on the path. */
function place() {
  write('here/dog.PNG', '');
  write('here/list.txt', '');
  write('here/photos/cat.jpg', '');
  write('here/with space.png', '');
  chmodSync(write('bin/coca', `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`), 0o755);
  return { cwd: at('here'), bin: at('bin'), file: at('found') };
}

const ALL: readonly [string, CompletingShell][] = [
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
];
const SHELLS = ALL.filter(([name]) => hasProgram(name));

describe.each(SHELLS)('in %s', (_, complete) => {
  /** What is offered, without the slash that marks a folder in some shells. */
  async function words(line: string): Promise<string[]> {
    const offers = await complete(line, place());
    return [...new Set(offers.map(([word]) => word.replace(/\/$/, '')))].sort();
  }

  test.each([
    ['coca cap', ['caption']],
    ['coca models r', ['remove', 'rm']],
    ['coca --quiet mod', ['models']],
    ['coca --device cuda cap', ['caption']],
    ['coca caption --str', ['--strategy']],
    ['coca rank --no-s', ['--no-softmax']],
    ['coca caption --strategy ', ['beam', 'greedy', 'sample']],
    ['coca --images k', ['kitty']],
    ['coca completion ', ['bash', 'fish', 'zsh']],
    ['coca help att', ['attend', 'attention']],
    ['coca help step', ['step', 'step.md']],
    ['coca models pull coca_ViT-B', ['coca_ViT-B-32']],
    ['coca pull mscoco_coca_ViT-L', ['mscoco_coca_ViT-L-14']],
    ['coca caption -m sce', ['scenes']],
    ['coca models use sce', ['scenes']],
    ['coca caption -m scenes --str', ['--strategy']],
    ['coca caption --device cpu --strategy gr', ['greedy']],
    ['coca caption --device cuda:1 --strategy gr', ['greedy']],
    ['coca caption --device cu', ['cuda']],
    ['coca caption --ablate cross.2.h', [0, 1, 2, 3, 4, 5].map((head) => `cross.2.h${head}`)],
    ['coca lens -m scenes --ablate mlp.cross.', ['mlp.cross.0', 'mlp.cross.1', 'mlp.cross.2']],
    ['coca lens -m missing --ablate mlp.cross.', []],
  ])('%s', async (line, expected) => {
    expect(await words(line)).toEqual(expected);
  });

  test('files where files go: pictures and folders, any, folders', async () => {
    expect(await words('coca d')).toEqual(expect.arrayContaining(['dog.PNG', 'doctor']));
    const pictures = await words('coca caption ');
    expect(pictures).toEqual(expect.arrayContaining(['dog.PNG', 'photos', 'with space.png']));
    expect(await words('coca caption --files l')).toEqual(['list.txt']);
    const folders = await words('coca attend dog.PNG --output ');
    expect(folders).toContain('photos');
    expect(folders).not.toContain('list.txt');
    // The second argument of rank is a text, and so is what follows --prompt.
    expect(await words('coca rank dog.PNG l')).toEqual([]);
    expect(await words('coca caption --prompt l')).toEqual([]);
  });

  test('a value after = is completed where it stands', async () => {
    const [word] = await words('coca caption --strategy=gre');
    expect(word!.replace('--strategy=', '')).toBe('greedy');
  });

  test('sites after a comma', async () => {
    const offered = await words('coca caption --ablate cross.2,mlp.cross.');
    expect(offered.map((word) => word.replace('cross.2,', ''))).toEqual(['mlp.cross.0', 'mlp.cross.1', 'mlp.cross.2']);
    const [first] = await words('coca caption --ablate=text.0,mlp.cross.');
    expect(first!.replace(/^(--ablate=)?(text\.0,)?/, '')).toBe('mlp.cross.0');
  });

  test('what a model is called here is not what could be fetched', async () => {
    expect(await words('coca caption --model coca_ViT')).toEqual([]);
  });
});

test.each(SHELLS)('in %s the line that the README and the help name registers it', async (shell) => {
  expect(await registered(shell, place())).toContain('coca');
});

test.each(SHELLS.filter(([name]) => name !== 'bash'))('in %s what each is stands beside it', async (_, complete) => {
  const about = async (line: string) => Object.fromEntries(await complete(line, place()));
  expect(await about('coca cap')).toMatchObject({ caption: 'captions pictures' });
  expect((await about('coca caption --str'))['--strategy']).toBe('how the next token is chosen');
});

describe('every shell', () => {
  test('a model with a tag: bash puts the answer in the place of what follows the colon', async () => {
    const list = `printf 'ViT-B-32:openai\\tinstalled\\t1\\t\\t/x\\n'`;
    const lines: readonly [string, CompletingShell, string][] = [
      ['coca embed -m ViT-B-32:o', bash, 'openai'],
      ['coca embed -m ViT-B-32:o', zsh, 'ViT-B-32:openai'],
      ['coca embed --model=ViT-B-32:o', bash, 'openai'],
      ['coca embed -m ViT-B-32:o', fish, 'ViT-B-32:openai'],
    ];
    for (const [line, complete, word] of lines.filter(([, shell]) => SHELLS.some(([, one]) => one === shell))) {
      const here = place();
      const program = `if [ "$1" = models ]; then ${list}; else exec '${process.execPath}' '${CLI}' "$@"; fi`;
      write('bin/coca', `#!/bin/sh\n${program}\n`);
      expect((await complete(line, here)).map(([found]) => found)).toEqual([word]);
    }
  });

  test('offers every command, and every option of each', async () => {
    const { commands } = vocabularyOf(COMMANDS);
    for (const [, complete] of SHELLS) {
      const offered = (await complete('coca ', place())).map(([word]) => word);
      expect(offered).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)));
    }
    for (const { name, options } of commands.filter(({ name }) => name !== 'help')) {
      const offered = (await bash(`coca ${name} --`, place())).map(([word]) => word);
      expect(offered).toEqual(options.flatMap(({ names }) => names.map((long) => `--${long}`)));
    }
  });

  test('another shell is wrong usage, with a guess', async () => {
    expect(await coca(['completion', 'bas'])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('mean bash?'),
    });
    expect(await coca(['completion', 'powershell'])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('fish'),
    });
  });
});
