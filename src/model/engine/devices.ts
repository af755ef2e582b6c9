import { readdirSync } from 'node:fs';
import { CocaError } from '../base/errors.js';
import { cardOf, kindOf } from './engines.js';
import type { Remark } from './remark.js';

export interface DeviceChoice<D extends string = string> {
  readonly device: D;
  /** Devices that would have been better, best first, and why each cannot be had. */
  readonly passedOver: readonly PassedOver<D>[];
}

export interface PassedOver<D extends string = string> {
  readonly device: D;
  readonly reason: string;
  /** There is a GPU for it, which a person would expect to be used. */
  readonly hasHardware: boolean;
}

/** The machine, as far as the choice of a device depends on it. */
export interface DeviceHost<D extends string = string> {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** Names in a folder; an empty list where there is none. */
  readonly list: (folder: string) => readonly string[];
  /** @throws Error when a device cannot run the network */
  readonly tryDevice: (device: D) => Promise<void>;
}

/** The machine that this program runs on. */
export function thisHost<D extends string>(tryDevice: (device: D) => Promise<void>): DeviceHost<D> {
  return { ...THIS_MACHINE, tryDevice };
}

/** What can be seen of this machine without a driver. */
export const THIS_MACHINE: Pick<DeviceHost, 'platform' | 'env' | 'list'> = {
  platform: process.platform,
  env: process.env,
  list: (folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
};

/** What an engine's error says, without the source locations that ONNX Runtime puts before it. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.split('\n')[0]!;
  return (/ was false\. (?<said>.+)$/.exec(line)?.groups?.said ?? line).slice(0, 300);
}

/** What an engine knows of its devices besides trying them. */
export interface DeviceAdvice<D extends string = string> {
  /** What to do about a device that does not compute for the reason given. */
  readonly adviceFor: (device: D, reason: string, platform: NodeJS.Platform) => string;
}

/**
 * Chooses the device to run on. `auto` takes the first of `preference` that really computes, never a software adapter,
 * and falls back to `fallback`; a device asked for by name must run.
 * @throws CocaError `device` when the named device cannot run, with the reason
 */
export async function chooseDevice<D extends string>(
  wanted: D | 'auto',
  preference: readonly D[],
  fallback: D,
  host: DeviceHost<D>,
  { adviceFor }: DeviceAdvice<D>,
): Promise<DeviceChoice<D>> {
  if (wanted === fallback) return { device: fallback, passedOver: [] };
  if (wanted !== 'auto') {
    const refuse = (reason: string, cause?: unknown): never => {
      const advice = cause instanceof CocaError ? cause.hint : undefined;
      const own = (advice ?? adviceFor(wanted, reason, host.platform)).replace(/\.$/, '');
      const hint = `${own}; --device auto takes what works`;
      throw new CocaError('device', `the device ${wanted} cannot run here: ${reason}`, hint, { cause });
    };
    const missing = isSoftwareAdapter(wanted, host) ? undefined : missingHardware(wanted, host);
    if (missing !== undefined) return refuse(missing);
    await host.tryDevice(wanted).catch((cause: unknown) => refuse(reasonOf(cause), cause));
    return { device: wanted, passedOver: [] };
  }
  const passedOver: PassedOver<D>[] = [];
  for (const device of preference) {
    const missing = missingHardware(device, host);
    if (missing !== undefined) {
      passedOver.push({ device, reason: missing, hasHardware: false });
      continue;
    }
    try {
      await host.tryDevice(device);
      return { device, passedOver };
    } catch (error) {
      passedOver.push({ device, reason: reasonOf(error), hasHardware: !COMPUTES_ON_CPU.has(device) });
    }
  }
  return { device: fallback, passedOver };
}

const COMPUTES_ON_CPU: ReadonlySet<string> = new Set(['cpu', 'wasm', 'node']);

/** Vulkan drivers that compute on the CPU. */
const SOFTWARE_DRIVERS = /swiftshader|lvp_icd|lavapipe|llvmpipe/i;

/**
 * Why a device cannot be real hardware here, as far as the operating system tells without loading a driver. On macOS
 * and Windows the engines themselves only offer hardware.
 */
export function missingHardware(
  device: string,
  { platform, env, list }: Pick<DeviceHost, 'platform' | 'env' | 'list'>,
): string | undefined {
  const kind = kindOf(device);
  const needsNvidia = kind === 'cuda' || kind === 'node-gpu';
  if (platform !== 'linux' || !(needsNvidia || kind === 'webgpu')) return undefined;
  const nvidia = list('/dev').some((name) => /^nvidia\d+$|^nvidiactl$|^dxg$/.test(name));
  if (needsNvidia) return nvidia ? missingCard(device, { env, list }) : 'no NVIDIA GPU';
  const rendering = list('/dev/dri').some((name) => name.startsWith('renderD'));
  if (!nvidia && !rendering) return 'no GPU';
  const drivers = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  return drivers && SOFTWARE_DRIVERS.test(drivers) ? 'the Vulkan driver is a software adapter' : undefined;
}

/**
 * Why a numbered card is not there, with those that are; undefined where it is, and where its cards cannot be counted (under WSL they
 * are no files). CUDA counts what `CUDA_VISIBLE_DEVICES` lists, in that order, up to the first entry that is no card.
 */
function missingCard(device: string, { env, list }: Pick<DeviceHost, 'env' | 'list'>): string | undefined {
  const card = cardOf(device);
  if (card === undefined) return undefined;
  const visible = env.CUDA_VISIBLE_DEVICES;
  const cards = list('/dev').filter((name) => /^nvidia\d+$/.test(name)).length;
  const isNone = (name: string) =>
    /^\d+$/.test(name) ? cards > 0 && Number(name) >= cards : !/^(GPU|MIG)-/.test(name);
  const listed = visible?.split(',').map((name) => name.trim());
  const end = listed?.findIndex(isNone) ?? -1;
  const count = listed === undefined ? cards : end === -1 ? listed.length : end;
  if (card < count || (listed === undefined && cards === 0)) return undefined;
  const kind = kindOf(device);
  const names = Array.from({ length: count }, (_, i) => `${kind}:${i}`);
  const there = count === 0 ? 'no card is' : count === 1 ? `${names[0]} alone is` : `${names.join(', ')} are`;
  return `${there} visible here${visible === undefined ? '' : ` (CUDA_VISIBLE_DEVICES is '${visible}')`}`;
}

/** Where Vulkan's loader looks for the descriptions of drivers. */
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/**
 * Whether there is a driver that needs no hardware, as far as files tell: a device may be asked for by name to run on
 * that. Without one, nothing is tried, since native libraries write what they miss to the terminal.
 */
function hasSoftware(device: string, { env, list }: Pick<DeviceHost, 'env' | 'list'>): boolean {
  if (device !== 'webgpu') return false;
  if (env.VK_DRIVER_FILES || env.VK_ICD_FILENAMES) return true;
  return DRIVER_FOLDERS.some((folder) => list(folder).some((name) => name.endsWith('.json')));
}

/**
 * Whether a device, asked for by name, could only be a software adapter here. Such drivers write to the terminal what they
 * miss of a desktop, and often cannot run anything: they belong into a process of their own.
 */
export function isSoftwareAdapter(device: string, host: Pick<DeviceHost, 'platform' | 'env' | 'list'>): boolean {
  return missingHardware(device, host) !== undefined && hasSoftware(device, host);
}

/** A small product that a device is tried with: `left` and `right` are [PROBE_SIDE, PROBE_SIDE]. */
export const PROBE_SIDE = 16;
const probe = (period: number, middle: number) =>
  Float32Array.from({ length: PROBE_SIDE * PROBE_SIDE }, (_, i) => (i % period) - middle);
export const PROBE = { left: probe(7, 3), right: probe(5, 2) } as const;

/** @throws Error when a device's product differs from the sum done here */
export function checkProbe(product: ArrayLike<number>): void {
  for (let i = 0; i < PROBE_SIDE * PROBE_SIDE; i++) {
    const row = Math.floor(i / PROBE_SIDE) * PROBE_SIDE;
    let sum = 0;
    for (let k = 0; k < PROBE_SIDE; k++) sum += PROBE.left[row + k]! * PROBE.right[k * PROBE_SIDE + (i % PROBE_SIDE)]!;
    // A NaN must not slip through.
    if (!(Math.abs(product[i]! - sum) <= 1e-3)) throw new Error('it computes a wrong matrix product');
  }
}

/** What was taken and why nothing better was. It is more than a detail where there is hardware that is not used. */
export function describeChoice({ device, passedOver }: DeviceChoice): Remark {
  const reasons = passedOver.map(({ device: other, reason }) => `${other}: ${reason}`).join('; ');
  return {
    text: reasons ? `running on ${device} (${reasons})` : `running on ${device}`,
    isDetail: !passedOver.some(({ hasHardware }) => hasHardware),
  };
}
