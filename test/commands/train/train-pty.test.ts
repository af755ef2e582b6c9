import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../support/folder.js';
import { Pty } from '../../support/pty.js';
import { jsonLines, scenePairs, smallConfig } from '../../support/training-run.js';

const { at, write } = temporaryFolder();
const SIZE = { columns: 80, rows: 24 };

let pty: Pty;
afterEach(() => pty.close());

function start(env: NodeJS.ProcessEnv = {}, ...more: string[]): Pty {
  const data = write('four.jsonl', jsonLines(scenePairs(4)));
  const model = ['--config', smallConfig(at('config.json')), '--train-tokenizer', '560'];
  const run = ['train', data, '-o', at('run'), '--batch', '4', '--device', 'wasm', '--steps', '100000', '--quiet'];
  return new Pty([...run, ...model, ...more], { ...SIZE, env });
}

const log = () =>
  readFileSync(at('run', 'log.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const left = { isCooked: true, modes: new Set(['25']) };

describe('on a pseudo-terminal', () => {
  test('curves, keys, and q: the end with a checkpoint', async () => {
    pty = start({}, '--sample-every', '5');
    await pty.until(/step \d+\/100000[\s\S]*contrastive loss +captioning loss[\s\S]*0001\.png: a small book/);
    pty.type('y');
    await pty.until(/contrastive loss, log scale/);
    pty.type('?');
    await pty.until(/write a checkpoint after this step/);
    pty.resize(120, 40);
    pty.type('?s');
    await pty.until(/gradient norm, log scale +learning rate[\s\S]*checkpoint of step [1-9]/);
    pty.type('q');
    expect(await pty.end()).toEqual({ code: 0, ...left });
    const { step } = log().at(-1);
    const screen = pty.screen().text();
    expect(screen).toMatch(new RegExp(`step ${step}/100000 `));
    expect(screen).toMatch(new RegExp(`checkpoint of step ${step}: `));
    expect(log().at(-1)).toMatchObject({ type: 'done', reason: 'stopped' });
  });

  test('Ctrl-C: the same, with its exit code', async () => {
    pty = start();
    await pty.until(/step [1-9]\d*\/100000/);
    pty.type('\u0003');
    expect(await pty.end()).toEqual({ code: 130, ...left });
    expect(log().at(-1)).toMatchObject({ type: 'done', reason: 'stopped' });
  });

  test('a terminal that draws nothing gets lines', async () => {
    pty = start({ TERM: 'dumb' }, '--log-every', '1');
    await pty.until(/step 3\/100000 {2}contrastive/);
    expect(pty.output).not.toContain('\u001b');
    pty.type('\u0003');
    expect(await pty.end()).toEqual({ code: 130, ...left });
    expect(log().at(-1)).toMatchObject({ type: 'done', reason: 'stopped' });
  });
});
