import {
  checkProbe,
  chooseDevice,
  type DeviceChoice,
  type DeviceHost,
  PROBE,
  PROBE_SIDE,
  thisHost,
} from '../devices.js';
import { ENGINE_DEVICES, type TfjsDevice } from '../engines.js';
import { type DeviceReport, surveyDevices, webgpuAdvice } from '../survey.js';
import { openBackend } from './backends.js';

/** What `auto` tries before the plain JavaScript backend, best first. */
const PREFERENCE: readonly TfjsDevice[] = ['node-gpu', 'node', 'webgpu', 'wasm'];

/** As `chooseDevice` of engine/devices.ts, for the backends of TensorFlow.js. */
export function chooseTfjsDevice(
  wanted: TfjsDevice | 'auto',
  host: DeviceHost<TfjsDevice> = thisHost(tryDevice),
): Promise<DeviceChoice<TfjsDevice>> {
  return chooseDevice(wanted, PREFERENCE, 'cpu', host, { adviceFor });
}

/** Looks at every backend by itself. */
export function surveyTfjsDevices(
  host: DeviceHost<TfjsDevice> = thisHost(tryDevice),
): Promise<DeviceReport<TfjsDevice>[]> {
  return surveyDevices({ devices: ENGINE_DEVICES.tfjs, elsewhere: () => undefined, adviceFor }, host);
}

function adviceFor(device: TfjsDevice, reason: string, platform: NodeJS.Platform): string {
  if (device === 'node' || device === 'node-gpu') {
    return /no NVIDIA GPU/.test(reason)
      ? 'it needs an NVIDIA GPU, visible to this process, with its driver'
      : 'coca help engines tells how to build it';
  }
  if (device !== 'webgpu') return 'install the program anew';
  return /not installed/.test(reason) ? 'npm install webgpu; coca help engines has more' : webgpuAdvice(platform);
}

async function tryDevice(device: TfjsDevice): Promise<void> {
  const backend = await openBackend(device);
  const { tf } = backend;
  const product = backend.run(() => {
    const matrix = (values: Float32Array) => tf.tensor2d(values, [PROBE_SIDE, PROBE_SIDE]);
    return tf.matMul(matrix(PROBE.left), matrix(PROBE.right));
  });
  try {
    checkProbe(await product.data());
  } finally {
    product.dispose();
  }
}
