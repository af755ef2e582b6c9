import { readdirSync } from 'node:fs';
import { CocaError } from '../../errors.js';
import { GraphBuilder } from './graph.js';
import { firstLine, loadRuntime, Session } from './session.js';

/** Execution providers of ONNX Runtime that this program knows how to use. */
export const DEVICES = ['cpu', 'cuda', 'webgpu', 'coreml', 'dml'] as const;
export type Device = (typeof DEVICES)[number];

export interface DeviceChoice {
  readonly device: Device;
  /** Devices that would have been better, best first, and why each cannot be had. */
  readonly passedOver: readonly { readonly device: Device; readonly reason: string }[];
}

/** What `auto` tries before the CPU, best first. */
const PREFERENCE: Partial<Record<NodeJS.Platform, readonly Device[]>> = {
  linux: ['cuda', 'webgpu'],
  win32: ['dml', 'webgpu'],
  darwin: ['coreml', 'webgpu'],
};

export interface DeviceHost {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** Names in a folder; an empty list where there is none. */
  readonly list: (folder: string) => readonly string[];
  /** Throws when a device cannot run a graph. */
  readonly tryDevice: (device: Device) => Promise<void>;
}

const thisHost: DeviceHost = {
  platform: process.platform,
  env: process.env,
  list: (folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
  tryDevice,
};

/**
 * Chooses the device to run on. `auto` takes the first that really computes, never a software adapter, and falls back
 * to the CPU; a device asked for by name must run.
 * @throws CocaError `device` when the named device cannot run, with the reason
 */
export async function chooseDevice(wanted: Device | 'auto', host: DeviceHost = thisHost): Promise<DeviceChoice> {
  if (wanted === 'cpu') return { device: 'cpu', passedOver: [] };
  if (wanted !== 'auto') {
    try {
      await host.tryDevice(wanted);
    } catch (cause) {
      throw new CocaError(
        'device',
        `the device ${wanted} cannot run here: ${firstLine(cause)}`,
        'Use --device auto to take what works, or --device cpu.',
        { cause },
      );
    }
    return { device: wanted, passedOver: [] };
  }
  const passedOver: { device: Device; reason: string }[] = [];
  for (const device of PREFERENCE[host.platform] ?? []) {
    const missing = missingHardware(device, host);
    if (missing !== undefined) {
      passedOver.push({ device, reason: missing });
      continue;
    }
    try {
      await host.tryDevice(device);
      return { device, passedOver };
    } catch (error) {
      passedOver.push({ device, reason: firstLine(error) });
    }
  }
  return { device: 'cpu', passedOver };
}

/** Whether a device computes here, and if not, why, and what would change that. */
export interface DeviceReport {
  readonly device: Device;
  readonly reason?: string;
  readonly advice?: string;
}

/** Looks at every device by itself; drivers are loaded only where there is hardware for them. */
export async function surveyDevices(host: DeviceHost = thisHost): Promise<DeviceReport[]> {
  const reports: DeviceReport[] = [];
  for (const device of DEVICES) {
    if (!isOffered(device, host.platform)) {
      reports.push({ device, reason: `${ELSEWHERE[device]} only: nothing to do here` });
      continue;
    }
    const reason = (device === 'cpu' ? undefined : missingHardware(device, host)) ?? (await failureOf(device, host));
    if (reason === undefined) reports.push({ device });
    else reports.push({ device, reason, advice: adviceFor(device, reason, host.platform) });
  }
  return reports;
}

/** Where a provider is built for a single system. */
const ELSEWHERE: Partial<Record<Device, string>> = { coreml: 'macOS', dml: 'Windows', cuda: 'Linux' };

function isOffered(device: Device, platform: NodeJS.Platform): boolean {
  return device === 'cpu' || device === 'webgpu' || PREFERENCE[platform]?.includes(device) === true;
}

async function failureOf(device: Device, host: DeviceHost): Promise<string | undefined> {
  try {
    await host.tryDevice(device);
    return undefined;
  } catch (error) {
    return firstLine(error);
  }
}

function adviceFor(device: Device, reason: string, platform: NodeJS.Platform): string {
  if (device === 'cpu') return 'install the program anew with npm ci';
  if (device === 'cuda') {
    // The npm package leaves these libraries out for their size.
    return /shared library/.test(reason)
      ? 'fetch the CUDA provider where coca is installed: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node; it needs CUDA 12 and cuDNN 9'
      : 'it needs an NVIDIA GPU, visible to this process, with its driver';
  }
  if (device === 'webgpu' && platform === 'linux') {
    return 'it needs a GPU, visible to this process, and its Vulkan driver (for NVIDIA with the driver, else mesa-vulkan-drivers)';
  }
  return 'update the graphics driver';
}

/** Vulkan drivers that compute on the CPU. */
const SOFTWARE_DRIVERS = /swiftshader|lvp_icd|lavapipe|llvmpipe/i;

/**
 * Why a device cannot be real hardware here, as far as the operating system tells without loading a driver. On macOS
 * and Windows the provider itself only offers hardware.
 */
function missingHardware(device: Device, { platform, env, list }: DeviceHost): string | undefined {
  if (platform !== 'linux') return undefined;
  const nvidia = list('/dev').some((name) => /^nvidia\d+$|^nvidiactl$|^dxg$/.test(name));
  if (device === 'cuda') return nvidia ? undefined : 'no NVIDIA GPU';
  const rendering = list('/dev/dri').some((name) => name.startsWith('renderD'));
  if (!nvidia && !rendering) return 'no GPU';
  const drivers = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  return drivers && SOFTWARE_DRIVERS.test(drivers) ? 'the Vulkan driver is a software adapter' : undefined;
}

/** Runs a small product on the device and compares it with the sum done here. */
async function tryDevice(device: Device): Promise<void> {
  const runtime = await loadRuntime();
  if (!runtime.listSupportedBackends().some(({ name }) => name === device)) {
    throw new Error(`ONNX Runtime for ${process.platform} ${process.arch} has no ${device} provider`);
  }
  const side = 16;
  const graph = new GraphBuilder('probe');
  const a = graph.input('a', 'F32', [side, side]);
  const b = graph.input('b', 'F32', [side, side]);
  graph.output('product', graph.node('MatMul', [a, b]), 'F32', [side, side]);
  const session = await Session.create('probe', graph.encode(), '.', device);
  try {
    const left = Float32Array.from({ length: side * side }, (_, i) => (i % 7) - 3);
    const right = Float32Array.from({ length: side * side }, (_, i) => (i % 5) - 2);
    const tensor = (values: Float32Array) => new runtime.Tensor('float32', values, [side, side]);
    const { product } = await session.run({ a: tensor(left), b: tensor(right) }, ['product']);
    const actual = product!.data as Float32Array;
    for (let i = 0; i < actual.length; i++) {
      let sum = 0;
      for (let k = 0; k < side; k++) sum += left[Math.floor(i / side) * side + k]! * right[k * side + (i % side)]!;
      if (Math.abs(actual[i]! - sum) > 1e-3) throw new Error('it computes a wrong matrix product');
    }
  } finally {
    await session.release();
  }
}

/** What was taken and why nothing better was, in one line for a person. */
export function describeChoice({ device, passedOver }: DeviceChoice): string {
  const reasons = passedOver.map(({ device: other, reason }) => `${other}: ${reason}`).join('; ');
  return reasons ? `running on ${device} (${reasons})` : `running on ${device}`;
}
