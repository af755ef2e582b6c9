import { CocaError } from '../base/errors.js';
import type { ModelConfig } from '../config/config.js';
import { loadPart, loadPicture, normalise, type PictureOptions } from '../image/load-picture.js';
import type { Picture } from '../image/picture.js';
import { pictureOptions } from '../image/preprocess.js';
import { OPENCLIP_CROP, randomCrop } from '../image/random-crop.js';
import type { DatasetOptions } from './open.js';
import { type OrderState, randomAt } from './order.js';
import { readSample } from './read.js';
import type { Locator, Sample } from './sample.js';

/** How pictures become what the vision tower takes. */
export interface Transform {
  readonly picture: PictureOptions;
  /** Red, green, blue in 0..1, as in the model's config. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Whether each picture is cropped at random as OpenCLIP's training does; else it is seen as in evaluation. */
  readonly augment: boolean;
}

export function trainingTransform(config: ModelConfig, augment: boolean): Transform {
  const { mean, std } = config.preprocess;
  return { picture: pictureOptions(config), mean, std, augment };
}

/** A sample as training takes it. */
export interface PreparedSample {
  readonly name: string;
  /** 3 x size x size. */
  readonly pixels: Float32Array<ArrayBuffer>;
  /** One of its captions; "" for a sample without one, where none is needed. */
  readonly caption: string;
  /** The question that the caption answers: the caption is then what follows it. */
  readonly question?: string;
  readonly label?: string | number;
}

/**
 * Reads, decodes and normalises one sample. Which of several captions it has and how it is cropped depend on its place in
 * the order alone.
 * @throws CocaError that says what is wrong with this sample
 */
export async function prepareSample(
  locator: Locator,
  place: OrderState,
  transform: Transform,
  needs: DatasetOptions['needs'],
): Promise<PreparedSample> {
  const random = randomAt(place);
  const sample = await readSample(locator);
  const texts = textsOf(sample);
  if (texts.length === 0 && needs === 'captions')
    throw new CocaError('bad-data', `${sample.name}: no caption, and no question with an answer`);
  const text = texts.length === 0 ? { caption: '' } : random.pick(texts);
  const picture = transform.augment
    ? await naming(sample, () =>
        loadPart(encoded(sample), transform.picture, (size) => randomCrop(size, OPENCLIP_CROP, random)),
      )
    : await pictureOf(sample, transform.picture);
  return {
    name: sample.name,
    pixels: normalise([picture], transform.mean, transform.std),
    ...text,
    ...(sample.label !== undefined && { label: sample.label }),
  };
}

/** What there is to learn of a sample: each caption, and each answer to its question. */
function textsOf({ captions, asked }: Sample): readonly Pick<PreparedSample, 'caption' | 'question'>[] {
  const answers = asked?.answers.map((caption) => ({ caption, question: asked.question })) ?? [];
  return [...captions.map((caption) => ({ caption })), ...answers];
}

/**
 * The picture of a sample as evaluation sees it.
 * @throws CocaError `bad-image` naming the sample
 */
export async function pictureOf(sample: Sample, options: PictureOptions): Promise<Picture> {
  const { image } = sample;
  return image instanceof Uint8Array ? naming(sample, () => loadPicture(image, options)) : image;
}

function encoded({ name, image }: Sample): Uint8Array {
  if (image instanceof Uint8Array) return image;
  throw new CocaError('usage', `${name} was made for this run: there is nothing to crop`);
}

/** What decoders say does not name the file. */
async function naming<T>({ name }: Sample, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CocaError)) throw error;
    throw new CocaError(error.code, `${name}: ${error.message}`, error.hint, { cause: error });
  }
}
