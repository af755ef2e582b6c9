import { describe, expect, it } from 'vitest';
import { CocaError } from '../../../src/model/base/errors.js';
import { checkShapes } from '../../../src/model/checkpoint/index.js';
import type { Dtype, SafetensorsFile } from '../../../src/model/checkpoint/safetensors.js';

type Tensors = Readonly<Record<string, readonly [Dtype, ...number[]]>>;

function fileOf(tensors: Tensors): SafetensorsFile {
  const entries = Object.entries(tensors).map(
    ([name, [dtype, ...shape]]) => [name, { name, dtype, shape, offset: 0, byteLength: 0 }] as const,
  );
  return { path: 'model.safetensors', size: 0, metadata: new Map(), tensors: new Map(entries) };
}

function problem(tensors: Tensors, expected: Readonly<Record<string, readonly number[]>>): string {
  try {
    checkShapes(fileOf(tensors), new Map(Object.entries(expected)));
  } catch (error) {
    expect(error).toBeInstanceOf(CocaError);
    expect((error as CocaError).code).toBe('bad-checkpoint');
    return (error as CocaError).message;
  }
  return 'fits';
}

describe('checkShapes', () => {
  it('takes what fits, in any weight type, and attention masks beside', () => {
    const tensors: Tensors = {
      a: ['F32', 2, 3],
      b: ['F16'],
      c: ['BF16', 0],
      attn_mask: ['F32', 76, 76],
      'text.attn_mask': ['BOOL', 4],
    };
    expect(problem(tensors, { a: [2, 3], b: [], c: [0] })).toBe('fits');
  });

  it('takes [] and [1] for each other in the logit scalars only', () => {
    const tensors: Tensors = { logit_scale: ['F32', 1], logit_bias: ['F32'], cls: ['F32', 1] };
    expect(problem(tensors, { logit_scale: [], logit_bias: [1], cls: [1] })).toBe('fits');
    expect(problem(tensors, { logit_scale: [1], logit_bias: [], cls: [] })).toMatch(
      /1 of another shape \("cls" is \[1\] instead of \[\]\)/,
    );
    expect(problem({ logit_scale: ['F32', 2] }, { logit_scale: [] })).toMatch(/"logit_scale" is \[2\]/);
  });

  it('lists every kind of difference in one line', () => {
    const tensors: Tensors = {
      a: ['F32', 3, 2],
      b: ['I64', 4],
      extra: ['F32'],
      not_attn_mask_really: ['F32'],
      my_attn_mask: ['F32'],
    };
    expect(problem(tensors, { a: [2, 3], b: [4], c: [5] })).toBe(
      'model.safetensors: its tensors do not fit the config: 1 missing ("c"); ' +
        '3 unexpected ("extra", "not_attn_mask_really", "my_attn_mask"); ' +
        '1 of another shape ("a" is [3, 2] instead of [2, 3]); ' +
        '1 of another type ("b" is I64 instead of F32, F16 or BF16)',
    );
  });

  it('names eight of a kind and counts the rest', () => {
    const expected = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`t${i}`, [1]]));
    expect(problem({}, expected)).toMatch(/20 missing \("t0", .*"t7" and 12 more\)$/);
  });

  it('names a tensor called __proto__ as any other', () => {
    const file = fileOf({});
    const tensors = new Map([
      ['__proto__', { name: '__proto__', dtype: 'F32', shape: [], offset: 0, byteLength: 4 } as const],
    ]);
    expect(() => checkShapes({ ...file, tensors }, new Map())).toThrow(/1 unexpected \("__proto__"\)/);
  });

  it('shows names with control characters escaped', () => {
    expect(problem({ 'a\n\x1b]52;x': ['F32'] }, {})).toContain('"a\\n\\u001b]52;x"');
  });
});
