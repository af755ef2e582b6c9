/** The library: everything that is CoCa, without a terminal. */
export type * from './api.js';
export { type BenchOptions, type Measurement, measure } from './bench.js';
export { type CocaConfig, parseConfig } from './config.js';
export { NAMED_CONFIGS } from './configs.js';
export * from './data/index.js';
export * from './decoding/index.js';
export { DEVICES, type Device } from './engine/onnx/devices.js';
export { CocaError, type ErrorCode } from './errors.js';
export { loadPicture, type PictureOptions } from './image.js';
export { type InitOptions, type InitResult, initModel } from './init.js';
export { BUNDLED_MODEL, type LoadedCoca, type LoadOptions, loadCoca } from './load.js';
export { type CaptionMetrics, captionMetrics, type ReferencedCaption } from './metrics/caption-metrics.js';
export { type RetrievalMetrics, retrievalMetrics } from './metrics/retrieval.js';
export type { Picture } from './picture.js';
export { type TokenizerTraining, type TrainedTokenizer, trainTokenizer } from './tokenizer/train.js';
export { loadTokenizer, type Tokenizer } from './tokenizer.js';
export { type SceneSample, type SceneSourceOptions, sceneSource } from './world/source.js';
