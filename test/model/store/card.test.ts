import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCard, readCard } from '../../../src/model/store/card.js';

describe('the licence of a model card', () => {
  test.each([
    ['---\nlicense: mit\n---\n# Model', 'mit'],
    ['---\r\nlicense: "apache-2.0" # a remark\r\n---\r\n', 'apache-2.0'],
    ['\ufeff---\ntags:\n- clip\nlicense:\n- mit\n- cc-by-4.0\n---\n', 'mit, cc-by-4.0'],
    ['---\nlicense: [mit, bsd]\n---\n', 'mit, bsd'],
    ['---\nlicense: other\nlicense_name: my-own\nlicense_link: x\n---\n', 'my-own'],
    ['---\nlicense: other\n---\n', 'other'],
    ['---\nother_license: mit\n---\nlicense: gpl\n', undefined],
    ['license: mit\n', undefined],
    ['---\nlicense: mit\nno end', undefined],
    ['---\nlicense:\n---\n', undefined],
    ['', undefined],
  ])('%j: %s', (text, license) => {
    expect(parseCard(text).license).toBe(license);
  });

  test('is of bounded length', () => {
    expect(parseCard(`---\nlicense: ${'x'.repeat(100_000)}\n---\n`).license).toHaveLength(200);
  });
});

test.skipIf(process.platform === 'win32')('of a card that is a pipe nothing is read, without waiting', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coca-card-'));
  try {
    const path = join(folder, 'README.md');
    writeFileSync(path, '---\nlicense: mit\n---\n');
    expect(await readCard(folder)).toEqual({ license: 'mit' });
    rmSync(path);
    expect(await readCard(folder)).toEqual({});
    execFileSync('mkfifo', [path]);
    expect(await readCard(folder)).toEqual({});
  } finally {
    rmSync(folder, { recursive: true });
  }
});
