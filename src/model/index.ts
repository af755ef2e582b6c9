/** The library: everything that is CoCa, without a terminal. */
export type * from './api.js';
export { type BenchOptions, type Measurement, measure } from './bench.js';
export { type CocaConfig, parseConfig } from './config.js';
export { NAMED_CONFIGS } from './configs.js';
export * from './decoding/index.js';
export { DEVICES, type Device, ENGINE_DEVICES, ENGINES, type Engine } from './engine/engines.js';
export { CocaError, type ErrorCode } from './errors.js';
export { type PullEvent, type PulledModel, type PullOptions, pullModel } from './hub/pull.js';
export { loadPicture, type PictureOptions } from './image.js';
export { type InitOptions, type InitResult, initModel } from './init.js';
export { inspectModel, type ModelFacts } from './inspect.js';
export { type ListedModel, listModels } from './list-models.js';
export { type LoadedCoca, type LoadOptions, loadCoca } from './load.js';
export { BUNDLED_MODEL } from './locate.js';
export type { Picture } from './picture.js';
export * as stepper from './stepper/index.js';
export { loadTokenizer, type Tokenizer } from './tokenizer.js';
