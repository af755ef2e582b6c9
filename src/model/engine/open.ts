import { CocaError } from '../base/errors.js';
import type { ModelConfig } from '../config/config.js';
import type { Precision } from '../quantise/precision.js';
import { type DeviceChoice, describeChoice, type PassedOver } from './devices.js';
import { type Device, ENGINE_DEVICES, ENGINE_NAMES, ENGINES, type Engine, kindOf } from './engines.js';
import type { Network, Weights } from './network.js';
import type { Remark } from './remark.js';

/** An engine, loaded when it is asked for: which devices work, and a network on one of them. */
interface EngineEntry {
  /** What it falls back to when a device that computes small things cannot run this network. */
  readonly fallback: Device;
  choose(device: Device | 'auto'): Promise<DeviceChoice<Device>>;
  open(config: ModelConfig, weights: Weights, device: Device): Promise<Network>;
}

const ENTRIES: Readonly<Record<Engine, () => Promise<EngineEntry>>> = {
  async onnx() {
    const [{ chooseOnnxDevice }, { OnnxNetwork }] = await Promise.all([
      import('./onnx/devices.js'),
      import('./onnx/network.js'),
    ]);
    return {
      fallback: 'cpu',
      choose: (device) => chooseOnnxDevice(device as Parameters<typeof chooseOnnxDevice>[0]),
      open: (config, weights, device) => OnnxNetwork.open(config, weights, device),
    };
  },
  async tfjs() {
    const [{ chooseTfjsDevice }, { TfjsNetwork }] = await Promise.all([
      import('./tfjs/devices.js'),
      import('./tfjs/network.js'),
    ]);
    return {
      fallback: 'wasm',
      choose: (device) => chooseTfjsDevice(device as Parameters<typeof chooseTfjsDevice>[0]),
      open: (config, { checkpoint }, device) =>
        TfjsNetwork.open(config, checkpoint, device as Parameters<typeof TfjsNetwork.open>[2]),
    };
  },
};

/**
 * Opens a network on an engine and device. `auto` takes the best device that runs it, and tells which and why.
 * @throws CocaError `usage` for a device of another engine; `device`, `engine` when it cannot run
 */
export async function openNetwork(
  engine: Engine,
  device: Device | 'auto',
  config: ModelConfig,
  weights: Weights,
  tell: (remark: Remark) => void,
): Promise<Network> {
  checkDevice(engine, device);
  if (weights.quantised) return openQuantised(engine, device, config, weights);
  const { fallback, choose, open } = await ENTRIES[engine]();
  const choice = await choose(device);
  if (weights.isHalf) checkHalf(choice);
  const network = await open(config, weights, choice.device);
  if (device !== 'auto') return network;
  if (choice.device === 'cpu' || choice.device === fallback) {
    tell(describeChoice(choice));
    return network;
  }
  try {
    await network.prepare('images');
    tell(describeChoice(choice));
    return network;
  } catch (error) {
    // It computes small things but not this model (its memory, an operator).
    await network.release();
    if (weights.isHalf) throw error;
    const last: PassedOver = { device: choice.device, reason: (error as Error).message, hasHardware: true };
    const second = await open(config, weights, fallback);
    tell(describeChoice({ device: fallback, passedOver: [...choice.passedOver, last] }));
    return second;
  }
}

async function openQuantised(
  engine: Engine,
  device: Device | 'auto',
  config: ModelConfig,
  weights: Weights,
): Promise<Network> {
  checkPrecision('int8', engine, device);
  return (await ENTRIES.onnx()).open(config, weights, 'cpu');
}

/** @throws CocaError `usage` for an engine or device that computes in single precision alone */
export function checkPrecision(precision: Precision, engine: Engine, device: Device | 'auto'): void {
  if (precision === 'fp32') return;
  if (engine !== 'onnx') {
    throw new CocaError('usage', `--precision ${precision} is ONNX Runtime's`, 'leave out --engine, or the precision');
  }
  if (precision === 'int8' && device !== 'cpu' && device !== 'auto') {
    const message = `--precision int8 is for the CPU: there are no products of int8 weights on ${device} here`;
    throw new CocaError('usage', message, 'with --device cpu, or --precision fp16 or fp32');
  }
  if (precision === 'fp16' && !(device === 'auto' || HALF_DEVICES.has(kindOf(device)))) {
    throw new CocaError(
      'usage',
      `--precision fp16 is for ${[...HALF_DEVICES].join(', ')}: half precision gains nothing on ${device}`,
      'on the CPU, --precision int8 is the faster one',
    );
  }
}

/** Where half precision is computed with, and gains something. */
export const HALF_DEVICES: ReadonlySet<string> = new Set(['cuda', 'webgpu', 'dml']);

/** @throws CocaError `device` where none of the devices that compute in half precision works */
function checkHalf({ device, passedOver }: DeviceChoice<Device>): void {
  if (HALF_DEVICES.has(kindOf(device))) return;
  const reasons = passedOver.map((other) => `${other.device}: ${other.reason}`).join('; ');
  throw new CocaError(
    'device',
    `--precision fp16 needs one of ${[...HALF_DEVICES].join(', ')}, and none works here${reasons && ` (${reasons})`}`,
    'leave the precision out, or on the CPU take --precision int8',
  );
}

/** @throws CocaError `usage` for a device of another engine */
export function checkDevice(engine: Engine, device: Device | 'auto'): void {
  const devices: readonly string[] = ENGINE_DEVICES[engine];
  const kind = kindOf(device);
  if (device === 'auto' || devices.includes(kind)) return;
  const owner = ENGINES.find((name) => (ENGINE_DEVICES[name] as readonly string[]).includes(kind))!;
  throw new CocaError(
    'usage',
    `the device ${device} belongs to ${ENGINE_NAMES[owner]} (--engine ${owner}), and this is ${ENGINE_NAMES[engine]}`,
    `With --engine ${engine}: auto, ${devices.join(', ')}.`,
  );
}
