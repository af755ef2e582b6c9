import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { commandsOf, layOutExample, PYTHON } from '../../support/examples.js';
import { temporaryFolder } from '../../support/folder.js';

const { at } = temporaryFolder();

test('the README: captions by names and by bytes are those of one process', { timeout: 600_000 }, async () => {
  const { here, run } = layOutExample('spark', at(), PYTHON);
  // One picture that cannot be read stops neither.
  const { code, stdout, stderr } = await run(
    commandsOf('spark').replace('find ', 'echo broken > pictures/broken.png\nfind '),
  );
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  expect(stdout).toContain('12 captions, 1 failed');
  const { stdout: alone } = await coca(['caption', join(here, 'pictures'), '-q', '--jsonl']);
  const captions = (text: string) =>
    Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => {
          const { image, caption = null, error } = JSON.parse(line);
          return [image.split('/').at(-1), error ? 'failed' : caption];
        }),
    );
  const expected = captions(alone);
  expect(Object.keys(expected)).toHaveLength(13);
  const parts = (folder: string) =>
    readdirSync(join(here, folder))
      .filter((name) => name.startsWith('part-'))
      .map((name) => join(here, folder, name));
  expect(
    captions(
      parts('captions')
        .map((part) => readFileSync(part, 'utf8'))
        .join(''),
    ),
  ).toEqual(expected);
  const read = await run(
    `python3 -c "import pandas; print(pandas.read_parquet('captions.parquet')[['image', 'caption']].assign(error=lambda t: t.caption.isna()).replace({float('nan'): None}).to_json(orient='records', lines=True))"`,
  );
  const rows = read.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(Object.fromEntries(rows.map(({ image, caption }) => [image.split('/').at(-1), caption ?? 'failed']))).toEqual(
    expected,
  );
});

test('a task that Spark gave a card names it', async () => {
  const { run } = layOutExample('spark', at(), PYTHON);
  const script = `
import types, caption_bytes
def given(addresses):
    resources = {"gpu": types.SimpleNamespace(addresses=addresses)} if addresses else {}
    caption_bytes.TaskContext = types.SimpleNamespace(get=lambda: types.SimpleNamespace(resources=lambda: resources))
    return caption_bytes.device()
print(given(["3"]), given([]))
`;
  const { stdout } = await run(`python3 - <<'EOF'\n${script}\nEOF`);
  expect(stdout).toBe("['--device', 'cuda:3'] []\n");
});

test('a process that is killed within a partition fails the task, with how many were not answered', {
  timeout: 120_000,
}, async () => {
  const { run } = layOutExample('spark', at(), PYTHON);
  const script = `
import coca_process, os, pathlib, re, signal
process = coca_process.CocaProcess()
picture = pathlib.Path(os.environ["PICTURE"]).read_bytes()
nine = lambda part: process.ask((f"{part}-{i}.png", picture) for i in range(9))
answered = len(list(nine(1)))
os.kill(process._process.pid, signal.SIGKILL)
# What it had written before can still be read, and it is a matter of time how much that is.
try:
    for answer in nine(2):
        answered += 1
    print(answered)
except RuntimeError as error:
    missing = re.search(r"(\\d+) pictures", str(error))[1]
    print(answered + int(missing), str(error).replace(f"{missing} pictures", "N pictures"))
process.close()
print(os.path.exists(process._folder.name))
`;
  const PICTURE = new URL('../../../fixtures/scenes/0001.png', import.meta.url).pathname;
  const { stdout } = await run(`python3 - <<'EOF'\n${script}\nEOF`, { PICTURE });
  expect(stdout).toBe('18 coca ended with -9, N pictures not answered\nFalse\n');
});
