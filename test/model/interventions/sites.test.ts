import { describe, expect, test } from 'vitest';
import type { ModelConfig } from '../../../src/model/config/config.js';
import type { Change } from '../../../src/model/engine/network.js';
import { ablations, inOrder } from '../../../src/model/interventions/changes.js';
import {
  allSites,
  headsOf,
  parseSite,
  parseSites,
  siteName,
  towersOf,
} from '../../../src/model/interventions/sites.js';
import { golden } from '../../support/golden.js';

const { config } = await golden('pooled'); // vision 2 x 3 heads, pooler 2, text 2 x 2, multimodal 3 x 4 heads
const cascade = (await golden('cascade')).config;
const unpooled = (await golden('unpooled')).config;

describe('sites', () => {
  test.each(['vision.1.h2', 'text.1', 'self.2.h0', 'cross.2.h3', 'pooler', 'pooler.h1', 'mlp.cross.2', 'mlp.vision.0'])(
    '%s is read as it is written',
    (word) => {
      expect(siteName(parseSite(word, config))).toBe(word);
    },
  );

  test.each([
    'vision.2',
    'vision.0.h3',
    'vision',
    'vision.h0',
    'pooler.0',
    'pooler.h2',
    'contrastive',
    'mlp.pooler',
    'mlp.cross.0.h1',
    'mlp.cross',
    'cross.3',
    'cross.-1',
    'cross.1.h',
    'decoder_self.0',
    'CROSS.0',
    'cross.0 ',
    'cross.0.h0.h1',
    '',
  ])('%j is refused, and those that exist are named', (word) => {
    expect(() => parseSite(word, config)).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining('cross.L, L 0 to 2 (heads .h0 to h3)') }),
    );
  });

  test('a list is read with spaces, and refused when it is empty', () => {
    expect(parseSites('text.1, mlp.self.0 ,', config).map(siteName)).toEqual(['text.1', 'mlp.self.0']);
    expect(() => parseSites(' , ', config)).toThrow('no site is named');
  });

  test('all of them are named as they are read, and each once', () => {
    const names = allSites(config).map(siteName);
    expect(names.map((name) => siteName(parseSite(name, config)))).toEqual(names);
    // Attentions, heads and MLPs of vision, pooler (which has no MLP), text, self and cross.
    expect(new Set(names).size).toBe(2 * 5 + 3 + 2 * 4 + 3 * 6 + 3 * 6);
    expect(names.slice(0, 6)).toEqual([
      ...['vision.0', 'vision.0.h0', 'vision.0.h1', 'vision.0.h2', 'mlp.vision.0'],
      'vision.1',
    ]);
  });

  test('a model has the towers of its config', () => {
    const names = (of: ModelConfig) => towersOf(of).map(({ tower }) => tower);
    expect(names(config)).toEqual(['vision', 'pooler', 'text', 'self', 'cross']);
    expect(names(cascade)).toEqual(['vision', 'pooler', 'contrastive', 'text', 'self', 'cross']);
    expect(names(unpooled)).toEqual(['vision', 'text', 'self', 'cross']);
    expect(names({ ...config, multimodal: null } as ModelConfig)).toEqual(['vision', 'pooler', 'text']);
    expect(headsOf(config, ['cross', 'pooler']).map(siteName)).toEqual([
      ...['pooler.h0', 'pooler.h1'],
      ...[0, 1, 2].flatMap((layer) => [0, 1, 2, 3].map((head) => `cross.${layer}.h${head}`)),
    ]);
  });
});

describe('ablations', () => {
  const site = (word: string) => parseSite(word, config);

  test('a head is its columns, of its own entry alone', () => {
    const rows = [[site('cross.1.h2')], [site('cross.1.h0'), site('mlp.cross.1')]];
    const [attention, mlp] = ablations(rows, config);
    expect(attention).toMatchObject({ part: 'attention', name: 'cross', layer: 1 });
    const zeros = [...attention!.scale.data.entries()].filter(([, value]) => value === 0).map(([i]) => i);
    const eight = (from: number) => Array.from({ length: 8 }, (_, i) => from + i);
    expect(zeros).toEqual([...eight(16), ...eight(32)]);
    expect(mlp!.scale.data).toEqual(Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? 1 : 0)));
  });

  test('a mean takes the place of what is left out, and of nothing else', () => {
    const mean = Float32Array.from({ length: 32 }, (_, i) => i);
    const [change] = ablations([[site('text.0.h1')]], config, new Map([['attention.text.0', mean]]));
    expect(change!.offset.data).toEqual(mean.map((value, i) => (i < 16 ? 0 : value)));
  });

  test('changes at one place are made in their order', () => {
    const place = { part: 'mlp', name: 'cross', layer: 0 } as const;
    const of = (values: readonly number[], shape: [number, number, number]) => ({
      data: Float32Array.from(values),
      shape,
    });
    const first: Change = { ...place, scale: of([2], [1, 1, 1]), offset: of([1, 10], [2, 1, 1]) };
    const second: Change = { ...place, scale: of([3, 4, 5], [1, 1, 3]), offset: of([100, 200], [1, 2, 1]) };
    const [both, ...none] = inOrder([first, second]);
    expect(none).toEqual([]);
    const x = 7; // at every place of [2, 2, 3]
    for (let n = 0; n < 2; n++) {
      for (let row = 0; row < 2; row++) {
        for (let k = 0; k < 3; k++) {
          const expected = (2 * x + [1, 10][n]!) * [3, 4, 5][k]! + [100, 200][row]!;
          const i = (n * 2 + row) * 3 + k;
          const { scale, offset } = both!;
          expect(scale.shape).toEqual([1, 1, 3]);
          expect(offset.shape).toEqual([2, 2, 3]);
          expect(x * scale.data[k]! + offset.data[i]!).toBe(expected);
        }
      }
    }
  });
});
