import { describe, expect, it } from 'vitest';
import { batchThatFits } from '../../src/model/batch-size.js';
import { parseConfig } from '../../src/model/config/config.js';
import { namedConfigs } from '../../src/model/config/configs.js';
import { decodingOptions } from '../../src/model/decoding/index.js';

const config = parseConfig({ model_cfg: namedConfigs()['coca_ViT-B-32'] }, 'coca_ViT-B-32');
const search = (given: Parameters<typeof decodingOptions>[0]) => decodingOptions(given, { contextLength: 76 });
const GIB = 2 ** 30;

describe('the batch that a machine takes', () => {
  it('is 8 pictures for the vision tower, 48 rows for a search, 32 pictures at most', () => {
    expect(batchThatFits(config, 16 * GIB)).toBe(8);
    expect(batchThatFits(config, 16 * GIB, search({}))).toBe(8); // 6 beams
    expect(batchThatFits(config, 16 * GIB, search({ beams: 12 }))).toBe(4);
    expect(batchThatFits(config, 16 * GIB, search({ strategy: 'greedy' }))).toBe(32);
    expect(batchThatFits(config, 16 * GIB, search({ strategy: 'sample', num: 3 }))).toBe(16);
    expect(batchThatFits(config, 16 * GIB, search({ beams: 100, num: 1 }))).toBe(1);
  });

  it('is smaller where an eighth of the memory holds no more, and never nothing', () => {
    // Of a picture: 12 layers x 255 tokens x 512 numbers of keys and values are 12.5 MB, 30 slots in 24 layers 2.9 MB,
    // logits 0.2 MB, pixels and activations 1.8 MB.
    expect(batchThatFits(config, 8 * 10 * 17.5e6, search({ strategy: 'greedy' }))).toBe(10);
    expect(batchThatFits(config, 1e6, search({ strategy: 'greedy' }))).toBe(1);
  });
});
