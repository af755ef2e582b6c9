import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const documents = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(`${ROOT}docs`).map((name) => `docs/${name}`),
  ...readdirSync(`${ROOT}examples`, { recursive: true }).map((name) => `examples/${name}`),
];

/** Names of the repository's own files, as prose has them. */
const NAMED = /\b(?:src|scripts|bench|fixtures|assets|docs|examples)\/[\w./-]*[\w/]|\btest\/[\w./-]*\.tsx?/g;

test.each(documents.filter((name) => name.endsWith('.md')))('%s names files that are there', (name) => {
  const text = readFileSync(ROOT + name, 'utf8');
  // Of a corpus: another project's own folder.
  const own = text.replace(/[\w-]+'s own `[^`]*`|`test\/(failure|success)`|`test_\w+`/g, '');
  const missing = [...new Set(own.match(NAMED))].filter((path) => !existsSync(ROOT + path));
  expect(missing).toEqual([]);
});

test('no committed text names a place of the machine that it was written on', () => {
  const places = ['work/main', 'work/shared', 'tmp/bash'].map((place) => `/${place}`).join('\\|');
  const found = (() => {
    try {
      return execFileSync('git', ['grep', '-nI', places, '--', '.', ':!package-lock.json'], {
        cwd: ROOT,
        encoding: 'utf8',
      });
    } catch {
      return ''; // grep's way to say that there is nothing
    }
  })();
  expect(found).toBe('');
});
