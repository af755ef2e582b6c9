import { join, resolve, sep } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RepositoryCache } from '../../../src/model/hub/layout.js';
import {
  displayName,
  isHubName,
  isSafeFileName,
  knownModels,
  looksLikeRepository,
  parseHubName,
  requireFileName,
} from '../../../src/model/hub/names.js';

describe('names of models on the hub', () => {
  test.each([
    ['coca_ViT-B-32', 'laion/CoCa-ViT-B-32-laion2B-s13B-b90k', 'main'],
    ['coca_ViT-L-14', 'laion/CoCa-ViT-L-14-laion2B-s13B-b90k', 'main'],
    ['mscoco_coca_ViT-B-32', 'laion/mscoco_finetuned_CoCa-ViT-B-32-laion2B-s13B-b90k', 'main'],
    ['mscoco_coca_ViT-L-14@v1.0', 'laion/mscoco_finetuned_CoCa-ViT-L-14-laion2B-s13B-b90k', 'v1.0'],
    ['hf-hub:someone/coca', 'someone/coca', 'main'],
    ['someone/coca@refs/pr/1', 'someone/coca', 'refs/pr/1'],
  ])('%s is %s at %s', (name, repository, revision) => {
    expect(parseHubName(name)).toEqual({ repository, revision });
  });

  test.each([
    'coca',
    'a/b/c',
    '../x',
    'a/..',
    'a/.b',
    '/etc/passwd',
    'hf-hub:../../etc',
    'hf-hub:a\\b/c',
    'a/b\0',
    'a--b/c',
    'a/b.git',
    'hf-hub:',
    '',
  ])('%j is refused', (name) => {
    expect(() => parseHubName(name)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test.each(['', '..', 'a/../b', '/a', 'a//b', '.hidden', 'a.lock', 'a\\b', 'a:b', '-x', 'a'.repeat(300)])(
    'the revision %j is refused',
    (revision) => {
      expect(() => parseHubName(`a/b@${revision}`)).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );

  test('the short name is shown where there is one, the revision where it is not main', () => {
    expect(knownModels()['ViT-B-32']).toBe(knownModels()['ViT-B-32:laion2b_s34b_b79k']);
    expect(displayName({ repository: knownModels()['ViT-B-32']!, revision: 'main' })).toBe('ViT-B-32');
    for (const [name, repository] of Object.entries(knownModels())) {
      // One repository may have two names: that of its config, and the one with its tag.
      if (repository === knownModels()[name.split(':')[0]!] && name.includes(':')) continue;
      expect(displayName({ repository, revision: 'main' })).toBe(name);
      expect(displayName({ repository, revision: 'v2' })).toBe(`${name}@v2`);
    }
    expect(displayName({ repository: 'a/b', revision: 'main' })).toBe('a/b');
  });

  test('what can only be a name, and what may be a path as well', () => {
    expect(['coca_ViT-B-32', 'coca_ViT-B-32@v1', 'hf-hub:x'].map(isHubName)).toEqual([true, true, true]);
    expect(['scenes', './coca_ViT-B-32', 'a/b'].map(isHubName)).toEqual([false, false, false]);
    expect(['a/b', 'a/b@v1'].map(looksLikeRepository)).toEqual([true, true]);
    expect(['a', 'a/b/c', './a', '../a', '~/a', '/a', 'a/b/'].map(looksLikeRepository)).toEqual(Array(7).fill(false));
  });

  /** Pieces that paths are attacked with, and plain ones. */
  const piece = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    '\0',
    'C:',
    '~',
    'a',
    'b',
    '-',
    '--',
    '@',
    'main',
    'hf-hub:',
    '%2e',
  );
  const hostile = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));

  test('no name that is taken leads out of the cache', () => {
    const root = resolve('/cache');
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string()), (name) => {
        let ref: ReturnType<typeof parseHubName>;
        try {
          ref = parseHubName(name);
        } catch {
          return;
        }
        const cache = new RepositoryCache(root, ref.repository);
        expect(resolve(cache.folder).startsWith(root + sep)).toBe(true);
        expect(resolve(join(cache.refs, ref.revision)).startsWith(cache.refs + sep)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('no file name that is taken leads out of a folder, or is none on another system', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string()), (name) => {
        if (!isSafeFileName(name)) return;
        expect(resolve('/folder', name)).toBe(`/folder/${name}`);
        expect(name).not.toMatch(/[\\/:\0]/);
        requireFileName(name, 'a/b');
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['..', '.', '', '/etc/passwd', 'a/b', 'a\\b', 'a\0b'])('the file name %j is refused', (name) => {
    expect(isSafeFileName(name)).toBe(false);
    expect(() => requireFileName(name, 'a/b')).toThrow(expect.objectContaining({ code: 'bad-download' }));
  });

  test.each(['C:x', 'nul', 'COM1.txt', 'x.', 'x ', 'what?.png', 'é'.repeat(200)])(
    '%j is a name, but not a safe one',
    (name) => {
      expect(isSafeFileName(name)).toBe(false);
      requireFileName(name, 'a/b');
    },
  );
});
