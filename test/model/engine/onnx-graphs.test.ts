import { afterEach, describe, expect, it, vi } from 'vitest';
import { GraphBuilder } from '../../../src/model/engine/onnx/graph.js';
import {
  attributionProgram,
  decoderProgram,
  memoryProgram,
  textProgram,
  visionProgram,
} from '../../../src/model/engine/onnx/programs.js';
import { GOLDEN_MODELS, golden } from '../../support/golden.js';

/** Whose output ONNX cannot tell the shape of, where a dimension varies. */
const UNTOLD = /^(Reshape|Expand)_/;

afterEach(() => vi.restoreAllMocks());

describe('the graphs', () => {
  it.each(GOLDEN_MODELS)('say every shape that cannot be inferred, of %s', async (name) => {
    const { config, checkpoint } = await golden(name);
    const source = {
      config,
      checkpoint,
      fileName: 'model.safetensors',
      openness: 'plain' as const,
      float: 'F32' as const,
      kept: 'F32' as const,
    };
    for (const program of [visionProgram, memoryProgram, textProgram, decoderProgram, attributionProgram]) {
      const made = vi.spyOn(GraphBuilder.prototype, 'node');
      const told = vi.spyOn(GraphBuilder.prototype, 'shape');
      program(source, 'given');
      const reshaped = made.mock.results.map(({ value }) => value as string).filter((value) => UNTOLD.test(value));
      const shapes = new Map(told.mock.calls);
      // Three axes made of two whose lengths are known, and a caption's labels, which are no floats.
      const untold = reshaped.filter((value) => !shapes.has(value));
      expect(untold.length, program.name).toBeLessThanOrEqual(1);
      expect(shapes.size).toBeGreaterThan(0);
      vi.restoreAllMocks();
    }
  });

  it('call a number of rows by the same name wherever it is one', async () => {
    const { config, checkpoint } = await golden('pooled');
    const told = vi.spyOn(GraphBuilder.prototype, 'shape');
    decoderProgram(
      { config, checkpoint, fileName: 'model.safetensors', openness: 'plain', float: 'F32', kept: 'F32' },
      'given',
    );
    const names = new Set(
      told.mock.calls.flatMap(([, dimensions]) => dimensions.filter((one) => typeof one === 'string')),
    );
    expect([...names].sort()).toEqual(['batch', 'batch x rows', 'keys', 'rows']);
  });
});
