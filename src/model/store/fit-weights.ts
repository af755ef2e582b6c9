import { POSITIONS, parameterShapes } from '../architecture/parameters.js';
import {
  checkShapes,
  type Dtype,
  readTensor,
  type SafetensorsFile,
  type TensorEntry,
  type TensorList,
} from '../checkpoint/index.js';
import type { ModelConfig } from '../config/config.js';
import { resizeGrid, resizeRows } from './positions.js';

/** A tensor that is made of what a checkpoint has, so that it fits the config. */
interface Fitting {
  readonly name: string;
  readonly shape: readonly number[];
  /** What was done, for a person. */
  readonly remark: string;
  make(file: SafetensorsFile): Promise<Float32Array>;
}

const TEXT_POSITIONS = 'text.positional_embedding';

/**
 * What OpenCLIP does to a checkpoint as it loads it (`load_checkpoint`): a table of positions for pictures or texts of another size
 * is interpolated, and a bias of the logits that is missing is 0.
 */
function fittingsOf({ tensors }: TensorList, config: ModelConfig): readonly Fitting[] {
  const wanted = parameterShapes(config);
  const fittings: Fitting[] = [];
  const [rows, width] = wanted.get(POSITIONS)! as [number, number];
  const [oldRows = 0, oldWidth] = tensors.get(POSITIONS)?.shape ?? [];
  const [side, oldSide] = [Math.sqrt(rows - 1), Math.sqrt(oldRows - 1)];
  const hasClassToken = config.vision.timm_model_name === null;
  if (hasClassToken && oldRows !== rows && oldWidth === width && oldSide >= 1 && Number.isInteger(oldSide)) {
    const { patch_size, image_size } = config.vision;
    fittings.push({
      name: POSITIONS,
      shape: [rows, width],
      remark: `positions of pictures of ${oldSide * patch_size} pixels are interpolated for ${image_size}, as OpenCLIP does it`,
      make: async (file) => resizeGrid(await readTensor(file, POSITIONS), width, oldSide, side),
    });
  }
  const [length, textWidth] = wanted.get(TEXT_POSITIONS)! as [number, number];
  const [oldLength = 0, oldTextWidth] = tensors.get(TEXT_POSITIONS)?.shape ?? [];
  if (oldLength >= 1 && oldLength !== length && oldTextWidth === textWidth) {
    fittings.push({
      name: TEXT_POSITIONS,
      shape: [length, textWidth],
      remark: `positions of texts of ${oldLength} ids are interpolated for ${length}, as OpenCLIP does it`,
      make: async (file) => resizeRows(await readTensor(file, TEXT_POSITIONS), textWidth, oldLength, length),
    });
  }
  if (wanted.has('logit_bias') && !tensors.has('logit_bias')) {
    fittings.push({
      name: 'logit_bias',
      shape: wanted.get('logit_bias')!,
      remark: 'the weights have no logit_bias: it is 0, as in OpenCLIP',
      make: async () => new Float32Array(1),
    });
  }
  return fittings;
}

/**
 * Checks which tensors a checkpoint has against what a config needs, as it will be once it was fitted.
 * @returns what will be done to it, for a person
 * @throws CocaError `bad-checkpoint`
 */
export function checkFit(list: TensorList, config: ModelConfig): readonly string[] {
  const fittings = fittingsOf(list, config);
  const tensors = new Map(list.tensors);
  for (const { name, shape } of fittings) tensors.set(name, { dtype: 'F32', shape });
  checkShapes({ ...list, tensors }, parameterShapes(config));
  return fittings.map(({ remark }) => remark);
}

/**
 * A checkpoint as a config needs it.
 * @returns also what was done to it, for a person
 * @throws CocaError `bad-checkpoint` where it does not fit
 */
export async function fitWeights(
  file: SafetensorsFile,
  config: ModelConfig,
): Promise<{ readonly checkpoint: SafetensorsFile; readonly remarks: readonly string[] }> {
  const remarks = checkFit(file, config);
  if (remarks.length === 0) return { checkpoint: file, remarks };
  const tensors = new Map<string, TensorEntry>(file.tensors);
  for (const { name, shape, make } of fittingsOf(file, config)) {
    const values = await make(file);
    const dtype: Dtype = 'F32';
    tensors.set(name, { name, dtype, shape, offset: 0, byteLength: values.byteLength, values });
  }
  return { checkpoint: { ...file, tensors }, remarks };
}
