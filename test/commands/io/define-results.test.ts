import { expect, test } from 'vitest';
import type { Answer } from '../../../src/cli/answers.js';
import { Output } from '../../../src/cli/output.js';
import { type Finding, writeFindings } from '../../../src/commands/io/define-results.js';
import { failure, jsonWriter } from '../../../src/commands/io/results.js';
import { CocaError } from '../../../src/model/base/errors.js';

interface Length {
  readonly image: string;
  readonly length: number;
}

const result = (image: string): Finding<Length> => ({ kind: 'result', result: { image, length: image.length } });
const missing = failure('b', new CocaError('not-found', 'b: no such file'));

/** What findings become as JSON, what is counted, said and told, and the error that they end with. */
async function written(findings: AsyncIterable<Finding<Length>> | Iterable<Finding<Length>>) {
  let text = '';
  const out = new Output(async (bytes) => {
    text += bytes.toString();
  });
  const complaints: string[] = [];
  const answers: Answer[] = [];
  const notices: string[] = [];
  const shown: string[] = [];
  const context = {
    complain: (line: string) => complaints.push(line),
    onAnswer: (answer: Answer) => answers.push(answer),
    notice: (line: string) => notices.push(line),
    status: { isShown: true, show: (line: string) => shown.push(line), clear: () => undefined },
  };
  const writer = jsonWriter(out, 'json', (one: Length) => one);
  const ended = await writeFindings(findings, writer, context).catch((error: Error) => error);
  await out.flush();
  return { text, complaints, answers, ended, notices, shown };
}

test('results and failures are printed in their order, counted, and told as values', async () => {
  const { text, complaints, answers, ended } = await written([{ kind: 'ready' }, result('a'), missing, result('cc')]);
  expect(JSON.parse(text)).toEqual([
    { image: 'a', length: 1 },
    { image: 'b', error: { code: 'not-found', message: 'b: no such file' } },
    { image: 'cc', length: 2 },
  ]);
  expect(complaints).toEqual(['b: no such file']);
  expect(answers).toEqual([result('a'), missing, result('cc')]);
  expect(ended).toEqual({ done: 2, failed: 1 });
});

test('what was told can be printed once more, and is the same', async () => {
  const first = await written([{ kind: 'ready' }, result('a'), missing]);
  expect(await written(first.answers as Finding<Length>[])).toEqual(first);
});

test('an output that has begun is ended whatever happens; before, there is none', async () => {
  async function* failing(...before: Finding<Length>[]) {
    yield* before;
    throw new CocaError('engine', 'it crashed');
  }
  expect((await written(failing(result('a')))).text).toBe('[\n{"image":"a","length":1}\n]\n');
  expect((await written(failing({ kind: 'ready' }))).text).toBe('[]\n');
  expect(await written(failing())).toMatchObject({ text: '', ended: { message: 'it crashed' } });
  expect((await written([])).text).toBe('[]\n');
});

test('what else belongs to a result is made once it is out; without it the input counts as failed, with no object', async () => {
  const incomplete = { kind: 'incomplete', name: 'a', error: new CocaError('write-failed', 'a.txt: full') } as const;
  const made: string[] = [];
  const { text, complaints, answers, ended } = await written([
    { ...result('a'), complete: async () => incomplete } as Finding<Length>,
    {
      ...result('b'),
      complete: async () => {
        made.push('b');
        return undefined;
      },
    } as Finding<Length>,
    { ...incomplete, name: 'c' },
  ]);
  expect(JSON.parse(text)).toHaveLength(2);
  expect(made).toEqual(['b']);
  expect(complaints).toEqual(['a.txt: full', 'c: a.txt: full']);
  expect(answers).toEqual([result('a'), result('b')]);
  expect(ended).toEqual({ done: 1, failed: 2 });
});

test('earlier answers count, and a notice is said when all is out', async () => {
  const { text, notices, ended } = await written([
    { kind: 'answered', done: 3, failed: 1 },
    { kind: 'notice', text: 'left out: 3' },
    result('a'),
  ]);
  expect(JSON.parse(text)).toHaveLength(1);
  expect(notices).toEqual(['left out: 3']);
  expect(ended).toEqual({ done: 4, failed: 1 });
});

test('progress is shown after each input until the last', async () => {
  const ready = { kind: 'ready', count: () => 4 } as const;
  const { shown } = await written([{ kind: 'answered', done: 1, failed: 0 }, ready, result('a'), missing, result('b')]);
  expect(shown).toEqual([expect.stringMatching(/^2\/4 /), expect.stringMatching(/^3\/4 /)]);
  expect((await written([{ kind: 'ready', count: () => 1 }, result('a')])).shown).toEqual([]);
  expect((await written([{ kind: 'ready', count: () => undefined }, result('a')])).shown).toEqual([
    expect.stringMatching(/^1\b/),
  ]);
});
