import {
  checkProbe,
  chooseDevice,
  type DeviceChoice,
  type DeviceHost,
  PROBE,
  PROBE_SIDE,
  thisHost,
} from '../devices.js';
import { ENGINE_DEVICES, kindOf, type OnnxDevice } from '../engines.js';
import { type DeviceReport, surveyDevices, webgpuAdvice } from '../survey.js';
import { cudaAdvice, hasCudaProvider, NO_CUDA_PROVIDER } from './cuda-provider.js';
import { GraphBuilder } from './graph.js';
import { loadRuntime } from './runtime.js';
import { OnnxSession } from './session.js';

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
  return chooseDevice(wanted, PREFERENCE[host.platform] ?? [], 'cpu', host, { adviceFor });
}

/** Where a provider is built for a single system. */
const ELSEWHERE: Partial<Record<OnnxDevice, string>> = { coreml: 'macOS', dml: 'Windows', cuda: 'Linux' };

/** Looks at every provider by itself. */
export function surveyOnnxDevices(
  host: DeviceHost<OnnxDevice> = thisHost(tryDevice),
): Promise<DeviceReport<OnnxDevice>[]> {
  return surveyDevices(
    {
      devices: ENGINE_DEVICES.onnx,
      elsewhere(device, platform) {
        const isOffered = device === 'cpu' || device === 'webgpu' || PREFERENCE[platform]?.includes(device) === true;
        return isOffered ? undefined : `${ELSEWHERE[device]} only: nothing to do here`;
      },
      adviceFor,
    },
    host,
  );
}

function adviceFor(device: OnnxDevice, reason: string, platform: NodeJS.Platform): string {
  const kind = kindOf(device) as keyof typeof ELSEWHERE;
  if (/ has no \w+ provider$/.test(reason)) return `it is for ${ELSEWHERE[kind] ?? 'other systems'}`;
  if (kind === 'cpu') return 'install the program anew';
  if (kind === 'cuda') {
    if (reason === NO_CUDA_PROVIDER) return cudaAdvice();
    if (/ visible here|invalid device ordinal/.test(reason)) return 'nvidia-smi -L lists the cards of this machine';
    return /shared (library|object)/.test(reason)
      ? 'it needs CUDA 12 and cuDNN 9 where the loader finds them (LD_LIBRARY_PATH)'
      : 'it needs an NVIDIA GPU, visible to this process, with its driver';
  }
  return kind === 'webgpu' ? webgpuAdvice(platform) : 'update the graphics driver';
}

async function tryDevice(device: OnnxDevice): Promise<void> {
  const runtime = await loadRuntime();
  const kind = kindOf(device);
  if (!runtime.listSupportedBackends().some(({ name }) => name === kind)) {
    throw new Error(`ONNX Runtime for ${process.platform} ${process.arch} has no ${kind} provider`);
  }
  if (kind === 'cuda' && !(await hasCudaProvider())) throw new Error(NO_CUDA_PROVIDER);
  const shape = [PROBE_SIDE, PROBE_SIDE];
  const graph = new GraphBuilder('probe');
  const left = graph.input('left', 'F32', shape);
  const right = graph.input('right', 'F32', shape);
  graph.output('product', graph.node('MatMul', [left, right]), 'F32', shape);
  const session = await OnnxSession.create('probe', graph.encode(), '.', device);
  try {
    const tensor = (values: Float32Array) => new runtime.Tensor('float32', values, shape);
    const { product } = await session.run({ left: tensor(PROBE.left), right: tensor(PROBE.right) }, { product: null });
    checkProbe(product!.data as Float32Array);
  } finally {
    await session.release();
  }
}
