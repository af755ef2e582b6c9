import { afterEach, expect, test } from 'vitest';
import { Pty } from '../../support/pty.js';

let pty: Pty | undefined;
afterEach(() => pty?.close());

async function shown(...words: string[]): Promise<string> {
  pty = new Pty(['models', ...words], { columns: 100, rows: 120 });
  expect((await pty.end()).code).toBe(0);
  return pty.screen().text();
}

test('on a terminal: what is here and the captioners that could be, and how many more there are', async () => {
  const text = await shown();
  expect(text).toMatch(/^\* scenes +\d/m);
  expect(text).toMatch(/coca_ViT-B-32 +about 1\.01 GB +not here/);
  expect(text).not.toContain('ViT-bigG-14-CLIPA');
  const [, count] = /(\d+) dual encoders could be fetched, too: coca models --all/.exec(text)!;
  const all = await shown('--all');
  expect(all).toContain('ViT-bigG-14-CLIPA');
  expect(all.split('\n').filter((line) => /not here$/.test(line.trimEnd())).length).toBeGreaterThan(Number(count));
  expect(all).not.toContain('could be fetched');
});
