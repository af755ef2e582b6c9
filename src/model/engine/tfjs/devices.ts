import {
  checkProbe,
  chooseDevice,
  type DeviceChoice,
  type DeviceHost,
  PROBE,
  PROBE_SIDE,
  thisHost,
} from '../devices.js';
import type { TfjsDevice } from '../engines.js';
import { openBackend } from './backends.js';

/** What `auto` tries before the plain JavaScript backend, best first. */
const PREFERENCE: readonly TfjsDevice[] = ['node-gpu', 'node', 'webgpu', 'wasm'];

/** As `chooseDevice` of engine/devices.ts, for the backends of TensorFlow.js. */
export function chooseTfjsDevice(
  wanted: TfjsDevice | 'auto',
  host: DeviceHost<TfjsDevice> = thisHost(tryDevice),
): Promise<DeviceChoice<TfjsDevice>> {
  return chooseDevice(wanted, PREFERENCE, 'cpu', host);
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
