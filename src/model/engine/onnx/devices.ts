import {
  checkProbe,
  chooseDevice,
  type DeviceChoice,
  type DeviceHost,
  PROBE,
  PROBE_SIDE,
  thisHost,
} from '../devices.js';
import type { OnnxDevice } from '../engines.js';
import { GraphBuilder } from './graph.js';
import { loadRuntime, Session } from './session.js';

/** What `auto` tries before the CPU, best first. */
const PREFERENCE: Partial<Record<NodeJS.Platform, readonly OnnxDevice[]>> = {
  linux: ['cuda', 'webgpu'],
  win32: ['dml', 'webgpu'],
  darwin: ['coreml', 'webgpu'],
};

/** As `chooseDevice` of engine/devices.ts, for ONNX Runtime's providers. */
export function chooseOnnxDevice(
  wanted: OnnxDevice | 'auto',
  host: DeviceHost<OnnxDevice> = thisHost(tryDevice),
): Promise<DeviceChoice<OnnxDevice>> {
  return chooseDevice(wanted, PREFERENCE[host.platform] ?? [], 'cpu', host);
}

async function tryDevice(device: OnnxDevice): Promise<void> {
  const runtime = await loadRuntime();
  if (!runtime.listSupportedBackends().some(({ name }) => name === device)) {
    throw new Error(`ONNX Runtime for ${process.platform} ${process.arch} has no ${device} provider`);
  }
  const shape = [PROBE_SIDE, PROBE_SIDE];
  const graph = new GraphBuilder('probe');
  const left = graph.input('left', 'F32', shape);
  const right = graph.input('right', 'F32', shape);
  graph.output('product', graph.node('MatMul', [left, right]), 'F32', shape);
  const session = await Session.create('probe', graph.encode(), '.', device);
  try {
    const tensor = (values: Float32Array) => new runtime.Tensor('float32', values, shape);
    const { product } = await session.run({ left: tensor(PROBE.left), right: tensor(PROBE.right) }, ['product']);
    checkProbe(product!.data as Float32Array);
  } finally {
    await session.release();
  }
}
