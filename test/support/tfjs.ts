import type { TfjsDevice } from '../../src/model/engine/engines.js';

/** Devices that are there on every machine, or the one that a step of .ci/run provides. */
export const TFJS_TEST_DEVICES = process.env.COCA_TEST_TFJS_DEVICE
  ? [process.env.COCA_TEST_TFJS_DEVICE as TfjsDevice]
  : (['wasm', 'cpu'] as const);

/** GPUs round differently. */
export const tolerance = (device: TfjsDevice): number => (device === 'webgpu' ? 1e-3 : 1e-4);
