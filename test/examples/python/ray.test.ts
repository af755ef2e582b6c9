import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { commandsOf, layOutExample, PYTHON } from '../../support/examples.js';
import { temporaryFolder } from '../../support/folder.js';

const { at } = temporaryFolder();

test('the README: captions by servers of actors are those of one process', { timeout: 600_000 }, async () => {
  const { here, run } = layOutExample('ray', at(), PYTHON);
  // Ray keeps a token in the home folder.
  mkdirSync(at('home'));
  const broken = 'echo broken > pictures/broken.png\n';
  const { code, stdout, stderr } = await run(commandsOf('ray').replace('python3 caption', `${broken}python3 caption`), {
    HOME: at('home'),
  });
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  expect(stdout).toContain('12 captions, 1 failed');
  const read = await run(
    `python3 -c "import pandas; print(pandas.read_parquet('captions.parquet').to_json(orient='records', lines=True))"`,
  );
  const lines = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const { stdout: alone } = await coca(['caption', join(here, 'pictures'), '-q', '--jsonl']);
  const byName = (rows: { image: string; caption?: string }[]) =>
    Object.fromEntries(rows.map(({ image, caption }) => [image.split('/').at(-1), caption ?? null]));
  expect(byName(lines(read.stdout))).toEqual(byName(lines(alone)));
});
