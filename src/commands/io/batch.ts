import { totalmem } from 'node:os';
import type { OptionSpecs } from '../../cli/command.js';
import type { Coca } from '../../model/api.js';
import { batchThatFits } from '../../model/batch-size.js';
import type { DecodingOptions } from '../../model/decoding/knobs.js';

/** What stands for `auto`. */
const AUTO = 0;

const NUMBER = {
  type: 'integer',
  min: 1,
  max: 256,
  description: 'pictures that go through the model together',
} as const;

/** Option of every command that can take several pictures through the model at once; `batchOf` reads it. */
export const BATCH_OPTION = {
  batch: { ...NUMBER, default: 1, words: { auto: AUTO } },
} as const satisfies OptionSpecs;

/** The same for a command that has a size of its own for every model. */
export const fixedBatchOption = (size: number) => ({ batch: { ...NUMBER, default: size } }) as const;

/**
 * How many pictures an option means.
 * @param search what is searched for in each, if anything is
 */
export function batchOf(batch: number, { config }: Pick<Coca, 'config'>, search?: DecodingOptions): number {
  return batch === AUTO ? batchThatFits(config, totalmem(), search) : batch;
}
