/** Data sets: what training and evaluation read. */

export { isScenes } from '../scenes/scenes-spec.js';
export { type Batch, type BatchOptions, batches } from './batches.js';
export type { Dataset } from './dataset.js';
export { joinDatasets } from './join.js';
export { type DatasetOptions, openDataset } from './open.js';
export { type OrderState, readOrderState, startOrder } from './order.js';
export { type Transform, trainingTransform } from './prepare.js';
export { descriptions } from './sequence.js';
export { openTrainingSet } from './training-set.js';
