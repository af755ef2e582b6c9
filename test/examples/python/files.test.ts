import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandsOf, EXAMPLES, layOutExample, PYTHON } from '../../support/examples.js';
import { temporaryFolder } from '../../support/folder.js';

const { at } = temporaryFolder();

test('Kubernetes: its files are as the API has them, and a name that it does not know is refused', async () => {
  const { run } = layOutExample('kubernetes', at(), PYTHON);
  expect((await run(commandsOf('kubernetes'))).code).toBe(0);
  const { code, stdout, stderr } = await run(
    'sed s/completionMode/completionsMode/ captions.yaml > wrong.yaml; kubernetes-validate --strict -k 1.33 wrong.yaml',
  );
  expect(code).toBe(1);
  expect(stdout + stderr).toContain("'completionsMode' was unexpected");
});

test('Kubernetes: what the pods run, one by one, makes all parts, and the last job one file', {
  timeout: 300_000,
}, async () => {
  const { here, run } = layOutExample('kubernetes', at(), PYTHON);
  const { stdout } = await run(
    `python3 -c "import json, yaml; print(json.dumps([yaml.safe_load(open(f)) for f in ('captions.yaml', 'merge.yaml')]))"`,
  );
  const [captions, merge] = JSON.parse(stdout);
  const containerOf = (job: typeof captions) => job.spec.template.spec.containers[0];
  const data = (text: string) => text.replaceAll('/data', join(here, 'data'));
  mkdirSync(join(here, 'data'));
  await run(data('coca scenes /data/pictures --count 16 -q; find /data/pictures -name "*.png" > /data/pictures.txt'));
  const { completions } = captions.spec;
  const [shell, flag] = containerOf(captions).command;
  for (let index = 0; index < completions; index++) {
    const command = data(containerOf(captions).args[0]);
    const pod = await run(`exec ${shell} ${flag} '${command}'`, { JOB_COMPLETION_INDEX: String(index) });
    expect([pod.code, pod.stdout]).toEqual([0, '']);
  }
  expect((await run(`coca ${data(containerOf(merge).args.join(' '))}`)).code).toBe(0);
  expect(readFileSync(join(here, 'data/captions.jsonl'), 'utf8').trim().split('\n')).toHaveLength(16);
});

test('Docker: the files are as hadolint wants them', async () => {
  const { run } = layOutExample('docker', at(), PYTHON);
  const { code, stdout } = await run(commandsOf('docker'));
  expect([code, stdout]).toEqual([0, '']);
});

test('Python: the files are as ruff wants them', async () => {
  const { run } = layOutExample('spark', at(), PYTHON);
  const { code, stdout } = await run(`ruff check --no-cache --line-length 140 --select E,F,B,UP '${EXAMPLES}'`);
  expect([code, stdout]).toEqual([0, expect.stringContaining('All checks passed')]);
});
