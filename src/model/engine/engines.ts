/** What runs a model, and where each of these engines can. */
export const ENGINE_DEVICES = {
  onnx: ['cpu', 'cuda', 'webgpu', 'coreml', 'dml'],
  tfjs: ['cpu', 'wasm', 'webgpu', 'node', 'node-gpu'],
} as const;

/** Devices of which a machine may have several, told apart by a number: `cuda:1`. Without a number it is the first. */
export const NUMBERED_DEVICES = ['cuda', 'dml'] as const;

export type Engine = keyof typeof ENGINE_DEVICES;
/** One of several cards of a kind, counted from 0. */
export type Card = `${(typeof NUMBERED_DEVICES)[number]}:${number}`;
export type OnnxDevice = (typeof ENGINE_DEVICES.onnx)[number] | Card;
export type TfjsDevice = (typeof ENGINE_DEVICES.tfjs)[number];
export type Device = OnnxDevice | TfjsDevice;
/** A device without the number of a card. */
export type DeviceKind = Exclude<Device, Card>;

export const ENGINES = Object.keys(ENGINE_DEVICES) as readonly Engine[];
/** Of every engine, each once. */
export const DEVICES: readonly DeviceKind[] = [...new Set(Object.values(ENGINE_DEVICES).flat())];

export const ENGINE_NAMES: Readonly<Record<Engine, string>> = { onnx: 'ONNX Runtime', tfjs: 'TensorFlow.js' };

const CARD = new RegExp(`^(?<kind>${NUMBERED_DEVICES.join('|')}):(?<number>0|[1-9]\\d{0,8})$`);

/** `cuda` of `cuda:1`; any other text is its own kind. */
export const kindOf = (device: string): string => CARD.exec(device)?.groups?.kind ?? device;

/** 1 of `cuda:1`; undefined where no card is named. */
export function cardOf(device: string): number | undefined {
  const number = CARD.exec(device)?.groups?.number;
  return number === undefined ? undefined : Number(number);
}
