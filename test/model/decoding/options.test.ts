import { describe, expect, it } from 'vitest';
import { CocaError } from '../../../src/model/base/errors.js';
import { type DecodingOptions, decodingOptions } from '../../../src/model/decoding/index.js';

const complete = (given: Partial<DecodingOptions>, contextLength = 76) => decodingOptions(given, { contextLength });

function refusal(given: object, contextLength?: number): CocaError {
  try {
    complete(given as Partial<DecodingOptions>, contextLength);
  } catch (error) {
    expect(error).toBeInstanceOf(CocaError);
    return error as CocaError;
  }
  throw new Error(`${JSON.stringify(given)} was accepted`);
}

describe('decodingOptions', () => {
  it('fills in the defaults of the command line', () => {
    expect(complete({})).toEqual({
      strategy: 'beam',
      scoring: 'transformers',
      beams: 6,
      groups: 1,
      diversity: 0,
      maxLength: 30,
      minLength: 5,
      lengthPenalty: 1,
      earlyStopping: false,
      repetitionPenalty: 1,
      noRepeatNgram: 0,
      temperature: 1,
      topK: 0,
      topP: 1,
      minP: 0,
      num: 1,
      seed: 0,
      logprobs: 0,
      trace: 0,
    });
    expect(complete({ groups: 3 }).diversity).toBe(0.5);
    expect(complete({ groups: 3, diversity: 0 }).diversity).toBe(0);
    expect(complete({ groups: 3, scoring: 'openclip' }).diversity).toBe(0);
  });

  it('lowers the default max length, but no max length that was asked for, to the context', () => {
    expect(complete({}, 24).maxLength).toBe(24);
    expect(refusal({ maxLength: 30 }, 24).message).toBe('max length 30 is more than the 24 ids this model takes');
  });

  it('leaves a short caption room to end by default', () => {
    expect(complete({ maxLength: 4 }).minLength).toBe(3);
  });

  it('calls one beam greedy', () => {
    expect(complete({ beams: 1 })).toEqual(complete({ strategy: 'greedy' }));
  });

  it('is frozen, and gives a complete set back as it is', () => {
    const sets = [{}, { groups: 2 }, { strategy: 'greedy' }, { strategy: 'sample', num: 3, topP: 0.9 }] as const;
    for (const given of sets) {
      const options = complete(given);
      expect(Object.isFrozen(options)).toBe(true);
      expect(complete(options)).toEqual(options);
    }
  });

  it.each([
    [{ beams: 6, groups: 4 }, '6 beams cannot be divided into 4 groups'],
    [{ diversity: 0.5 }, 'diversity 0.5 means nothing to one group of beams'],
    [{ beams: 3, num: 4 }, '3 beams cannot give 4 captions'],
    [{ minLength: 9, maxLength: 8 }, 'min length 9 is more than max length 8'],
    [{ strategy: 'greedy', num: 2 }, 'greedy search finds one caption, not 2'],
    [{ strategy: 'greedy', beams: 2 }, 'beams 2 means nothing to strategy greedy'],
    [{ strategy: 'greedy', temperature: 0.5 }, 'temperature 0.5 means nothing to strategy greedy'],
    [{ strategy: 'sample', beams: 6 }, 'beams 6 means nothing to strategy sample'],
    [{ strategy: 'sample', earlyStopping: true }, 'early stopping true means nothing to strategy sample'],
    [{ temperature: 0.7 }, 'temperature 0.7 means nothing to strategy beam'],
    [{ topK: 5 }, 'top k 5 means nothing to strategy beam'],
    [{ topP: 0.9 }, 'top p 0.9 means nothing to strategy beam'],
    [{ minP: 0.1 }, 'min p 0.1 means nothing to strategy beam'],
    [{ scoring: 'openclip', groups: 3, diversity: 0.5 }, 'diversity 0.5 means nothing to scoring openclip'],
    [{ scoring: 'openclip', lengthPenalty: 2 }, 'length penalty 2 means nothing to scoring openclip'],
    [{ scoring: 'openclip', earlyStopping: true }, 'early stopping true means nothing to scoring openclip'],
    [{ scoring: 'openclip', noRepeatNgram: 2 }, 'no repeat ngram 2 means nothing to scoring openclip'],
    [{ scoring: 'openclip', strategy: 'sample', minP: 0.1 }, 'min p 0.1 means nothing to scoring openclip'],
    [
      { scoring: 'openclip', strategy: 'sample', topK: 5, topP: 0.5 },
      'scoring openclip samples by top k 5 or by top p 0.5, not by both',
    ],
    [
      { scoring: 'openclip', minLength: 8, maxLength: 8 },
      'with scoring openclip min length 8 must be below max length 8',
    ],
  ])('refuses %j', (given, message) => {
    const error = refusal(given);
    expect(error.code).toBe('usage');
    expect(error.message).toBe(message);
    expect(error.hint).toBeTruthy();
  });

  it.each([
    { strategy: 'best' },
    { beams: 0 },
    { beams: 2.5 },
    { groups: 0 },
    { groups: 2, diversity: -1 },
    { maxLength: 1 },
    { minLength: -1 },
    { lengthPenalty: Number.NaN },
    { earlyStopping: 'soon' },
    { repetitionPenalty: 0 },
    { noRepeatNgram: -1 },
    { strategy: 'sample', temperature: 0 },
    { strategy: 'sample', topK: -1 },
    { strategy: 'sample', topP: 0 },
    { strategy: 'sample', topP: 1.1 },
    { strategy: 'sample', minP: 2 },
    { num: 0 },
    { seed: -1 },
    { seed: 0.5 },
    { logprobs: -1 },
    { trace: Number.POSITIVE_INFINITY },
  ])('refuses %j, which is out of range', (given) => {
    const error = refusal(given);
    expect(error.code).toBe('usage');
    expect(error.hint).toMatch(/must be/);
  });
});
