import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { exists, makeFolder } from '../../base/folders.js';
import { readNamedText } from '../../base/text-file.js';
import { orWriteFailed } from '../../base/whole-file.js';
import { readConfig } from '../../config/read-config.js';
import {
  type Dataset,
  descriptions,
  isScenes,
  joinDatasets,
  openTrainingSet,
  type Transform,
  trainingTransform,
} from '../../data/index.js';
import { initModel, wrapped } from '../../store/init.js';
import { type ModelFiles, readModel } from '../../store/load.js';
import { CONFIG_FILE, TOKENIZER_FILE, TOKENIZER_FILES } from '../../store/model-files.js';
import { SPECIALS_FILES } from '../../tokenizer/named-specials.js';
import { trainTokenizer } from '../../tokenizer/train.js';
import type { ModelTexts } from './checkpoints.js';
import type { RunControl } from './events.js';
import type { TrainingSettings } from './settings.js';

/** What a run starts from: a model that is there, or a new one with random weights. */
export type StartingModel =
  | { readonly kind: 'model'; readonly model: string | undefined; readonly config?: string }
  | {
      readonly kind: 'fresh';
      /** A named config, or the path of one. */
      readonly config: string;
      /** The path of a `tokenizer.json`, or how many tokens one is to have that is learned from the captions. */
      readonly tokenizer?: string | number;
    };

/** Captions that a tokenizer is learned from where there is no end of them. */
const SCENES_FOR_TOKENIZER = 20_000;

/** The folder in which a new model is made, within the run's own. */
const INITIAL = '.initial.tmp';

/** What of a run's data depends on its settings alone. */
type DataSettings = Pick<TrainingSettings, 'data' | 'seed' | 'imageField' | 'captionField' | 'imageFolder' | 'augment'>;

/** @throws CocaError as `openTrainingSet` and `joinDatasets` */
export async function openData(
  settings: DataSettings,
  config: ModelFiles['config'],
  needs: 'captions' | 'labels',
): Promise<Dataset> {
  return joinDatasets(await openEach(settings, trainingTransform(config, settings.augment), needs));
}

async function openEach(
  settings: DataSettings,
  transform: Transform,
  needs: 'captions' | 'labels',
): Promise<Dataset[]> {
  const { data, seed, imageField, captionField, imageFolder } = settings;
  const options = { needs, imageField, captionField, imageFolder };
  const datasets: Dataset[] = [];
  for (const name of data) datasets.push(await openTrainingSet(name, seed, transform, options));
  return datasets;
}

/**
 * The texts of a model's files, as every checkpoint of the run will have them.
 * @throws CocaError `not-found`, `unreadable`
 */
export async function readTexts(files: ModelFiles): Promise<ModelTexts> {
  const config = join(files.folder, CONFIG_FILE);
  return {
    config: (await exists(config))
      ? await readNamedText(config)
      : `${JSON.stringify(wrapped(files.json, files.config), null, 2)}\n`,
    tokenizer: await textsIn(files.folder, TOKENIZER_FILES),
  };
}

/** What Hugging Face keeps beside a `tokenizer.json`. */
const specialsBeside = (tokenizer: string) => textsIn(dirname(tokenizer), SPECIALS_FILES);

/** The texts of those files that a folder has, by name. */
async function textsIn(folder: string, names: readonly string[]): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const name of names) {
    const path = join(folder, name);
    if (await exists(path)) texts[name] = await readNamedText(path);
  }
  return texts;
}

/**
 * Finds or makes what a run starts from.
 * @param run the run's folder, in which a new model is made; `removeInitial` takes it away
 * @throws CocaError as `readModel`, `initModel`, `trainTokenizer`; `bad-tokenizer` for a vocabulary of another size than
 *   the config's; `interrupted` where the run is ended before it began
 */
export async function openStart(
  start: StartingModel,
  run: string,
  settings: DataSettings,
  control: RunControl,
): Promise<ModelFiles> {
  if (start.kind === 'model') return readModel(start.model, start.config);
  const folder = join(run, INITIAL);
  await removeInitial(run);
  await orWriteFailed(folder, makeFolder(folder));
  let json = await readConfig(start.config);
  if (typeof start.tokenizer === 'string') {
    const given = {
      [TOKENIZER_FILE]: await readNamedText(start.tokenizer),
      ...(await specialsBeside(start.tokenizer)),
    };
    for (const [name, text] of Object.entries(given)) await orWriteFailed(folder, writeFile(join(folder, name), text));
  } else if (start.tokenizer !== undefined) {
    const learned = await trainTokenizer(captionsOf(settings, control), { vocabSize: start.tokenizer });
    await orWriteFailed(folder, writeFile(join(folder, TOKENIZER_FILE), learned.json));
    json = withVocabulary(json, learned.size);
  }
  const config = join(folder, CONFIG_FILE);
  await orWriteFailed(config, writeFile(config, JSON.stringify(json)));
  await initModel({ config, output: folder, seed: settings.seed, dtype: 'F32' });
  try {
    return { ...(await readModel(folder)), name: start.config };
  } catch (error) {
    if (!(error instanceof CocaError) || error.code !== 'bad-tokenizer' || start.tokenizer !== undefined) throw error;
    const hint = '--train-tokenizer N learns one from the captions; --tokenizer FILE takes one that fits the config';
    throw new CocaError(error.code, error.message, hint, { cause: error });
  }
}

export async function removeInitial(run: string): Promise<void> {
  await rm(join(run, INITIAL), { recursive: true, force: true });
}

/** All captions of the data; of scenes, which never end, the first ones. */
async function* captionsOf(settings: DataSettings, control: RunControl): AsyncGenerator<string> {
  const isEndless = settings.data.some(isScenes);
  // How large pictures are has nothing to do with captions.
  const transform = { picture: { size: 32 }, mean: [], std: [], augment: settings.augment };
  let count = 0;
  // What cannot be read is told when its turn comes in training.
  for await (const { captions, asked } of descriptions(
    joinDatasets(await openEach(settings, transform, 'captions')),
    () => undefined,
  )) {
    control.throwIfStopping();
    yield* captions;
    if (asked) for (const answer of asked.answers) yield `${asked.question} ${answer}`;
    if (isEndless && ++count === SCENES_FOR_TOKENIZER) return;
  }
}

/** A config for another tokenizer: as many rows as it has tokens, and its own special ids. */
function withVocabulary(json: unknown, size: number): object {
  const whole = json as Record<string, unknown>;
  const { special_ids: _, ...rest } = whole;
  const model = (whole.model_cfg ?? whole) as Record<string, object>;
  const part = (name: string) => ({ [name]: { ...model[name], vocab_size: size } });
  const changed = { ...(whole.model_cfg ? model : rest), ...part('text_cfg'), ...part('multimodal_cfg') };
  return whole.model_cfg ? { ...rest, model_cfg: changed } : changed;
}
