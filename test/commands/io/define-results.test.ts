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
  const context = {
    complain: (line: string) => complaints.push(line),
    onAnswer: (answer: Answer) => answers.push(answer),
  };
  const writer = jsonWriter(out, 'json', (one: Length) => one);
  const ended = await writeFindings(findings, writer, context).catch((error: Error) => error);
  await out.flush();
  return { text, complaints, answers, ended };
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
