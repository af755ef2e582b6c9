/** What runs a model, and where each of these engines can. */
export const ENGINE_DEVICES = {
  onnx: ['cpu', 'cuda', 'webgpu', 'coreml', 'dml'],
  tfjs: ['cpu', 'wasm', 'webgpu', 'node', 'node-gpu'],
} as const;

export type Engine = keyof typeof ENGINE_DEVICES;
export type OnnxDevice = (typeof ENGINE_DEVICES.onnx)[number];
export type TfjsDevice = (typeof ENGINE_DEVICES.tfjs)[number];
export type Device = OnnxDevice | TfjsDevice;

export const ENGINES = Object.keys(ENGINE_DEVICES) as readonly Engine[];
/** Of every engine, each once. */
export const DEVICES: readonly Device[] = [...new Set(Object.values(ENGINE_DEVICES).flat())];

export const ENGINE_NAMES: Readonly<Record<Engine, string>> = { onnx: 'ONNX Runtime', tfjs: 'TensorFlow.js' };
