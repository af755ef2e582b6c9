import { CocaError } from '../../base/errors.js';
import { readNamedFile } from '../../base/text-file.js';
import { CocaModel } from '../../coca.js';
import type { Dataset } from '../../data/index.js';
import { pictureOf } from '../../data/prepare.js';
import { readSample } from '../../data/read.js';
import { inSequence } from '../../data/sequence.js';
import { decodingOptions } from '../../decoding/index.js';
import { loadPicture } from '../../image/load-picture.js';
import type { Picture } from '../../image/picture.js';
import { pictureOptions } from '../../image/preprocess.js';
import type { ModelFiles } from '../../store/load.js';
import type { Trainer } from '../trainer.js';

/** The picture whose caption shows how far training is. */
export interface FixedPicture {
  readonly name: string;
  readonly picture: Picture;
  /** What it is called in the data, where it is from there. */
  readonly caption?: string;
}

/** What the model says of a picture, and how sure it is. */
export interface SampledCaption {
  readonly text: string;
  /** Mean log-probability of a token. */
  readonly logprob: number;
}

/**
 * A file, or the first sample of the data that can be read; undefined if none can.
 * @throws CocaError for a file that is no picture or cannot be read
 */
export async function fixedPicture(
  file: string | undefined,
  dataset: Dataset,
  config: ModelFiles['config'],
): Promise<FixedPicture | undefined> {
  const options = pictureOptions(config);
  if (file !== undefined) {
    return { name: file, picture: await loadPicture(await readNamedFile(file), options) };
  }
  // What cannot be read is told when its turn comes in training.
  for await (const locator of inSequence(dataset, () => undefined)) {
    try {
      const sample = await readSample(locator);
      const caption = sample.captions[0] ?? (sample.asked && `${sample.asked.question} ${sample.asked.answers[0]}`);
      if (caption === undefined) continue;
      return { name: sample.name, picture: await pictureOf(sample, options), caption };
    } catch (error) {
      if (!(error instanceof CocaError)) throw error;
    }
  }
  return undefined;
}

/** Captions the picture greedily with the parameters as they are at the moment. */
export async function captioner(
  trainer: Trainer,
  { name, config, tokenizer, checkpoint }: ModelFiles,
  { picture }: FixedPicture,
): Promise<() => Promise<SampledCaption>> {
  const coca = await CocaModel.create({
    name,
    config,
    tokenizer,
    network: trainer.network(),
    checkpoint,
    precision: 'fp32',
    chosenBy: 'caller',
  });
  const options = decodingOptions({ strategy: 'greedy', minLength: 1 }, tokenizer);
  return async () => {
    const { captions } = await coca.caption(await coca.encodeImages([picture]), options);
    const { text, score } = captions[0]![0]!;
    return { text, logprob: score };
  };
}
