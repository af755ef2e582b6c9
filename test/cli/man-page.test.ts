import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { GLOBAL_OPTIONS, kebab, withVerbs } from '../../src/cli/command.js';
import { manPage } from '../../src/cli/man-page.js';
import { VERSION } from '../../src/cli/version.js';
import { COMMANDS } from '../../src/commands/index.js';
import { runProgram } from '../support/cli.js';
import { hasProgram } from '../support/programs.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = fileURLToPath(new URL('../../dist/coca.1', import.meta.url));

const run = (program: string, ...args: string[]) =>
  runProgram(program, args, { env: { ...process.env, LC_ALL: 'C.UTF-8' } });

test('the page in the package is that of the definitions', () => {
  const page = readFileSync(PAGE, 'utf8');
  const date = /^\.TH COCA 1 (\d{4}-\d\d-\d\d) /.exec(page)![1]!;
  expect(page).toBe(manPage(COMMANDS, VERSION, date));
  const { man, files } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  // npm links what a list names, and nothing for a string.
  expect(man).toEqual(['dist/coca.1']);
  expect(files).toContain('dist');
});

test.runIf(hasProgram('groff') && hasProgram('mandoc'))('groff and mandoc have nothing to warn of', async () => {
  expect(await run('groff', '-man', '-ww', '-z', PAGE)).toMatchObject({ code: 0, stderr: '', stdout: '' });
  expect(await run('mandoc', '-T', 'lint', '-W', 'style', PAGE)).toMatchObject({ stdout: '', stderr: '' });
});

test.runIf(hasProgram('mandoc'))(
  'it tells every command, argument, option and example, as they are typed',
  async () => {
    const { stdout } = await run('mandoc', '-T', 'utf8', '-O', 'width=1000', PAGE);
    const lines = stdout
      .replace(/.\u0008/gu, '')
      .split('\n')
      .map((line) => line.trim());
    for (const { name, args, options, examples, verbs } of withVerbs(COMMANDS)) {
      if (verbs) continue;
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^coca ${name}\\b`)));
      for (const [option, { description }] of Object.entries(options)) {
        expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^(-\\w, )?--(\\[no-\\])?${kebab(option)}\\b`)));
        expect(stdout.replace(/.\u0008/gu, '')).toContain(description.replace(/\s+/g, ' '));
      }
      for (const { name: argument } of args) expect(lines).toContainEqual(expect.stringMatching(`^${argument}\\b`));
      // What is short enough stands on one line with its explanation.
      for (const { line } of examples)
        expect(
          lines.some((found) => found.startsWith(line)),
          line,
        ).toBe(true);
    }
    for (const option of Object.keys(GLOBAL_OPTIONS)) {
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^(-\\w, )?--${kebab(option)}\\b`)));
    }
  },
);
