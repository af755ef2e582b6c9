import { join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { readTextFile } from '../base/text-file.js';

/** What Hugging Face transformers keeps beside a model's weights. */
const CONFIG = 'config.json';
const MAX_BYTES = 2 ** 20;

const CAPTIONER = 'coca models pull coca_ViT-B-32 fetches a model that writes captions; coca models list names others';

/** What to do with a model of transformers, by its `model_type`. */
const ADVICE: Readonly<Record<string, string>> = {
  clip:
    "transformers names and splits a CLIP's weights otherwise: take the same model in OpenCLIP's form " +
    '(a repository with open_clip_config.json), or save it from Python with open_clip.push_to_hf_hub.save_for_hf',
  siglip: 'take the same model as OpenCLIP has it, in a repository with open_clip_config.json (timm/ViT-...-SigLIP)',
  blip: `BLIP is another architecture, and no config makes a CoCa of it; ${CAPTIONER}`,
  'blip-2': `BLIP-2 is another architecture, and no config makes a CoCa of it; ${CAPTIONER}`,
  git: `GIT is another architecture, and no config makes a CoCa of it; ${CAPTIONER}`,
};

/**
 * The error for a folder that holds a model of transformers; undefined for any other. A config for its weights would be
 * no help: their names are others.
 */
export async function transformersModel(folder: string): Promise<CocaError | undefined> {
  const text = await readTextFile(join(folder, CONFIG), 'config', MAX_BYTES).catch(() => undefined);
  const type = text === undefined ? undefined : modelType(text);
  if (type === undefined) return undefined;
  const advice = Object.hasOwn(ADVICE, type)
    ? ADVICE[type]
    : `models of transformers are not read, only OpenCLIP's checkpoints; ${CAPTIONER}`;
  return new CocaError(
    'bad-checkpoint',
    `${folder} holds a model of Hugging Face transformers (${CONFIG}: model_type ${JSON.stringify(type)}), not an OpenCLIP checkpoint`,
    advice,
  );
}

function modelType(text: string): string | undefined {
  try {
    const type: unknown = JSON.parse(text)?.model_type;
    return typeof type === 'string' && type.length < 64 ? type : undefined;
  } catch {
    return undefined;
  }
}
