import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';
import { jsonLines, scenePairs, smallConfig } from '../../support/training-run.js';

const BOOK = fixture('scenes/0001.png');
const QUESTION = 'a small book on a';
const { at, write } = temporaryFolder();

test('answers by their likelihood behind the question, best first; from a list or a file', async () => {
  const { code, stdout } = await coca([
    'ask',
    BOOK,
    QUESTION,
    '--answers',
    'blue background, pink background,pink background',
    '--json',
  ]);
  expect(code).toBe(0);
  const [{ image, question, answers }] = JSON.parse(stdout);
  expect({ image, question }).toEqual({ image: BOOK, question: QUESTION });
  expect(answers.map(({ answer }: { answer: string }) => answer)).toEqual(['pink background', 'blue background']);
  expect(answers[0].logprob).toBeGreaterThan(-0.5);
  expect(answers[0].probability + answers[1].probability).toBeCloseTo(1, 10);
  expect(answers[0].logprob - answers[1].logprob).toBeCloseTo(
    Math.log(answers[0].probability / answers[1].probability),
    4,
  );
  const file = write('answers.txt', 'blue background\n\npink background\n');
  const plain = await coca(['ask', BOOK, QUESTION, '--answers', file]);
  expect(plain.stdout).toMatch(/^-0\.\d+\t1\.\d+\tpink background\n-\d+\.\d+\t\S+\tblue background\n$/);
});

test('without answers those that the model writes, as likely as when they are given', async () => {
  const { code, stdout } = await coca(['ask', BOOK, QUESTION, '--json']);
  expect(code).toBe(0);
  const [{ answers }] = JSON.parse(stdout) as [{ answers: { answer: string; logprob: number; probability: number }[] }];
  expect(answers[0]!.answer).toBe('pink background');
  expect(new Set(answers.map(({ answer }) => answer)).size).toBe(answers.length);
  expect(answers.length).toBeGreaterThan(1);
  expect(answers.map(({ logprob }) => logprob)).toEqual(answers.map(({ logprob }) => logprob).sort((a, b) => b - a));
  expect(answers.reduce((sum, { probability }) => sum + probability, 0)).toBeLessThanOrEqual(1 + 1e-6);
  const given = answers.slice(0, 2).map(({ answer }) => answer);
  const ranked = await coca(['ask', BOOK, QUESTION, '--answers', given.join(','), '--json']);
  for (const [i, { answer, logprob }] of JSON.parse(ranked.stdout)[0].answers.entries()) {
    expect(answer).toBe(given[i]);
    expect(logprob).toBeCloseTo(answers[i]!.logprob, 3);
    expect(answers[i]!.probability).toBeCloseTo(Math.exp(logprob), 5);
  }
  const plain = await coca(['ask', BOOK, QUESTION]);
  expect(plain.stdout.split('\n')[0]).toMatch(/^-0\.\d+\t0\.\d+\tpink background$/);
});

test('one answer, none, an empty question, a text too long: refused by name', async () => {
  const ask = (...args: readonly string[]) => coca(['ask', BOOK, ...args]);
  expect(await ask(QUESTION, '--answers', 'yes')).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/"yes" is the only answer/),
  });
  expect(await ask(QUESTION, '--answers', 'yes,, yes')).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/only answer/),
  });
  expect(await ask(QUESTION, '--answers', write('one.txt', 'yes\n'))).toMatchObject({ code: 64 });
  expect(await ask('book '.repeat(40))).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/leaves no room.* 24 ids/),
  });
  expect(await ask(' ', '--answers', 'a,b')).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/QUESTION is empty/),
  });
  expect(await ask('book '.repeat(40), '--answers', 'a,b')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/24 ids/),
  });
});

test('a session asks about its picture; its caption is no question', async () => {
  const input = `caption\nask ${QUESTION} --answers "pink background,blue background" --jsonl\nask --answers yes,no\nask\nask ${QUESTION}\nquit\n`;
  const { stdout, stderr } = await coca(['repl', BOOK], { input });
  expect(JSON.parse(stdout.split('\n').find((line) => line.startsWith('{'))!)).toMatchObject({ question: QUESTION });
  expect(stderr.match(/QUESTION is missing/g)).toHaveLength(2);
  expect(stdout).toMatch(/\tpink background\n/);
});

test('a tiny model learns from questions, and is measured on them', async () => {
  const rows = scenePairs(4).flatMap(({ image }, i) => [
    { image, question: 'is there a book', answer: i === 0 ? 'yes' : 'no', question_type: 'is_there' },
    { image, question: 'how many', answers: ['one', 'one', '1', 'two'], answer_type: 'number' },
  ]);
  const data = write('q.jsonl', jsonLines(rows));
  const made = ['--config', smallConfig(at('config.json')), '--train-tokenizer', '560', '--device', 'wasm'];
  const size = ['--batch', '4', '--steps', '3', '--objective', 'captioning'];
  const trained = await coca(['train', data, '-o', at('run'), ...size, ...made]);
  expect(trained).toMatchObject({ code: 0 });
  const measured = await coca([
    'eval',
    data,
    '--vqa',
    '--model',
    at('run'),
    '--answers',
    'yes,no,one',
    '--json',
    '--predictions',
    at('p.jsonl'),
    '-q',
  ]);
  expect(measured).toMatchObject({ code: 0, stderr: '' });
  const [{ task, metrics, samples }] = JSON.parse(measured.stdout);
  expect({ task, samples }).toEqual({ task: 'visual_question_answering', samples: 8 });
  expect(Object.keys(metrics)).toEqual(['accuracy', 'accuracy_number', 'accuracy_of_is_there', 'accuracy_yes/no']);
  const predictions = readFileSync(at('p.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(predictions[1].answers).toEqual(['one', 'one', '1', 'two']);
  const mean = predictions.reduce((sum, { accuracy }) => sum + accuracy, 0) / 8;
  expect(metrics.accuracy).toBeCloseTo(mean, 12);
  const written = await coca(['eval', data, '--vqa', '--model', at('run'), '--jsonl', '-q']);
  expect(written).toMatchObject({ code: 0, stderr: '' });
}, 120_000);
