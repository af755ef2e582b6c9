import { type DeviceAdvice, type DeviceHost, missingHardware, reasonOf } from './devices.js';

/** Whether a device computes here, and if not, why, and what would change that. */
export interface DeviceReport<D extends string = string> {
  readonly device: D;
  readonly reason?: string;
  readonly advice?: string;
}

/** What is known of an engine's devices without trying them. */
export interface DeviceFacts<D extends string> extends DeviceAdvice<D> {
  readonly devices: readonly D[];
  /** Why a device does not exist on this system; undefined where it does. */
  readonly elsewhere: (device: D, platform: NodeJS.Platform) => string | undefined;
}

/** Looks at every device by itself; drivers are loaded only where there is hardware for them. */
export async function surveyDevices<D extends string>(
  { devices, elsewhere, adviceFor }: DeviceFacts<D>,
  host: DeviceHost<D>,
): Promise<DeviceReport<D>[]> {
  const reports: DeviceReport<D>[] = [];
  for (const device of devices) {
    const other = elsewhere(device, host.platform);
    const reason = other ?? missingHardware(device, host) ?? (await failureOf(device, host));
    if (reason === undefined) reports.push({ device });
    else if (other !== undefined) reports.push({ device, reason });
    else reports.push({ device, reason, advice: adviceFor(device, reason, host.platform) });
  }
  return reports;
}

async function failureOf<D extends string>(device: D, host: DeviceHost<D>): Promise<string | undefined> {
  try {
    await host.tryDevice(device);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** What WebGPU wants, whichever engine asks for it. */
export function webgpuAdvice(platform: NodeJS.Platform): string {
  return platform === 'linux'
    ? 'it needs a GPU, visible to this process, and its Vulkan driver (for NVIDIA with the driver, else mesa-vulkan-drivers)'
    : 'update the graphics driver';
}
