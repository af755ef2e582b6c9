import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { History, historyPath } from '../../../src/commands/repl/history.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-history-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fail = (text: string): void => {
  throw new Error(text);
};

describe('history', () => {
  it('is where the platform says, or the user', () => {
    expect(historyPath({ COCA_HISTORY: '/x/y' })).toBe('/x/y');
    expect(historyPath({ COCA_HISTORY: '' })).toBeUndefined();
    if (process.platform === 'linux') expect(historyPath({ XDG_STATE_HOME: '/s' })).toBe('/s/coca/history');
  });

  it('is there again in the next session, of two sessions too', async () => {
    const path = join(folder, 'deep', 'history');
    const one = await History.load(path, fail);
    const two = await History.load(path, fail);
    await one.add('caption');
    await two.add('rank a | b');
    await one.add('caption');
    await one.add('attend');
    expect(one.lines).toEqual(['caption', 'attend']);
    expect((await History.load(path, fail)).lines).toEqual(['caption', 'rank a | b', 'attend']);
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('leaves out repetitions, blanks, and what begins with a space', async () => {
    const history = await History.load(undefined, fail);
    for (const line of ['a', 'a', '', '  ', ' secret', 'b', 'a']) await history.add(line);
    expect(history.lines).toEqual(['a', 'b', 'a']);
  });

  it('is cut when it has grown long', async () => {
    const path = join(folder, 'long');
    writeFileSync(path, Array.from({ length: 2500 }, (_, i) => `line ${i}\n`).join(''));
    const history = await History.load(path, fail);
    expect(history.lines).toHaveLength(1000);
    expect(history.lines[0]).toBe('line 1500');
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(1001);
  });

  it('a file that cannot be read is said, and nothing is written to it', async () => {
    const complaints: string[] = [];
    const history = await History.load(folder, (text) => complaints.push(text));
    await history.add('caption');
    expect(history.lines).toEqual(['caption']);
    expect(complaints).toEqual([expect.stringMatching(/^lines are not remembered: .*EISDIR/)]);
  });
});
