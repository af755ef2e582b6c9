import type { MapChoice } from '../../../src/model/attention/index.js';
import type { AttendSource } from '../../../src/ui/attend/source.js';

/** A source whose maps are known: word w peaks at patch (w, w) of a 4 x 4 grid, sharper with each layer. */
export function testSource(words: readonly string[], saves: MapChoice[] = []): AttendSource {
  const grid = 4;
  return {
    image: 'photo.png',
    model: 'test on cpu',
    words: words.map((text, i) => ({ text, probability: 1 / (i + 1) })),
    picture: { size: 8, rgb: Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256) },
    grid,
    layers: 3,
    heads: 2,
    methods: ['cross', 'rollout'],
    later: [],
    erased: [],
    without: () => Promise.reject(new Error('not asked for')),
    owedBy: (word) => Array.from({ length: word }, (_, i) => i + 0.5),
    groundingOf: () => undefined,
    compute: () => Promise.reject(new Error('not asked for')),
    mapOf(word, { layer }) {
      const at = word % grid;
      const map = new Float32Array(grid * grid).fill(0.01);
      map[at * grid + at] = 0.85 + (typeof layer === 'number' ? layer / 100 : 0);
      return { map, peak: { x: (at + 0.5) / grid, y: (at + 0.5) / grid }, entropy: 1, isFlat: false };
    },
    async save(selection) {
      saves.push(selection);
      return 'saved somewhere';
    },
  };
}
