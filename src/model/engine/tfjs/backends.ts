import { pathToFileURL } from 'node:url';
import util from 'node:util';
import { CocaError } from '../../base/errors.js';
import { loadOwn } from '../../base/packages.js';
import { threadLimit } from '../../base/processes/threads.js';
import type { TfjsDevice } from '../engines.js';
import { findPackage, loadFrom, packagePath } from './packages.js';
import type { TensorFlow } from './tensorflow.js';

/** A backend of TensorFlow.js that is ready to compute. */
export class Backend {
  constructor(
    readonly tf: TensorFlow,
    readonly device: TfjsDevice,
    /** What TensorFlow.js calls it. */
    private readonly name: string,
    /** @throws Error when something has gone wrong that the backend itself did not throw for */
    private readonly check: () => void = () => undefined,
  ) {}

  /**
   * Computes on this backend: whatever `work` makes and does not return is freed.
   *
   * The engine of TensorFlow.js is one for the whole process and has one backend at a time, so each stretch of work
   * that runs without a pause makes its own the current one.
   */
  run<R>(work: () => R): R {
    const { tf, name, check } = this;
    if (tf.getBackend() !== name) void tf.setBackend(name); // of a backend that is ready, this is done at once
    const checked = (): R => {
      try {
        return work();
      } finally {
        check(); // what it throws says more than what `work` ran into after it
      }
    };
    return tf.tidy(checked as () => never) as R;
  }
}

const opened = new Map<TfjsDevice, Promise<Backend>>();

/**
 * Makes a backend ready, once per process.
 * @throws CocaError `device` for a package that is not there; what the package throws as it is loaded
 */
export function openBackend(device: TfjsDevice): Promise<Backend> {
  let backend = opened.get(device);
  if (backend === undefined) {
    backend = OPENERS[device]();
    opened.set(device, backend);
    // What failed for want of something may be there next time.
    backend.catch(() => opened.delete(device));
  }
  return backend;
}

const OPENERS: Readonly<Record<TfjsDevice, () => Promise<Backend>>> = {
  cpu: () => openEmbedded('cpu', '@tensorflow/tfjs-backend-cpu'),
  wasm: openWasm,
  webgpu: openWebGpu,
  node: async () => openNative('node'),
  'node-gpu': async () => openNative('node-gpu'),
};

async function openEmbedded(device: TfjsDevice, name: string, check?: () => void): Promise<Backend> {
  const tf = loadOwn<TensorFlow>('@tensorflow/tfjs-core');
  loadOwn(name);
  tf.enableProdMode(); // no advice on the terminal, no checks of every result
  if (!(await tf.setBackend(device))) throw new Error(`the ${device} backend does not start`);
  return new Backend(tf, device, device, check);
}

interface WasmModule {
  _malloc: (bytes: number) => number;
  readonly _free: (address: number) => void;
}

/**
 * The wasm backend goes on with wrong numbers when its memory is full: its allocator answers with address 0, and its
 * kernels say what failed on the console alone. Both are made errors here.
 */
async function openWasm(): Promise<Backend> {
  const complaints: string[] = [];
  const handlers = (['uncaughtException', 'unhandledRejection'] as const).map(
    (event) => [event, process.listeners(event as 'uncaughtException')] as const,
  );
  const { warn } = console;
  let backend: Backend;
  try {
    // The module binds this function as it starts.
    console.warn = (text: string) => complaints.push(text);
    backend = await openEmbedded('wasm', '@tensorflow/tfjs-backend-wasm', () => {
      if (complaints.length > 0) throw outOfMemory(complaints.splice(0)[0]!);
    });
  } finally {
    console.warn = warn;
    // It also takes over what becomes of the process's uncaught errors, which is not its business.
    for (const [event, before] of handlers) {
      for (const added of process.listeners(event as 'uncaughtException')) {
        if (!before.includes(added)) process.removeListener(event, added);
      }
    }
  }
  const { wasm } = backend.tf.backend() as unknown as { wasm: WasmModule };
  wasm._free(wasm._malloc(1)); // the first call puts the function in its place
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = bytes < 2 ** 32 ? allocate(bytes) : 0; // more would be cut to 32 bits
    if (address === 0 && bytes > 0) throw outOfMemory(`${bytes} bytes cannot be had`);
    return address;
  };
  return backend;
}

function outOfMemory(detail: string): CocaError {
  return new CocaError(
    'engine',
    `the wasm backend fails, most likely for want of memory (it has 4 GB at most): ${detail}`,
    'Use --engine onnx, or --device node (coca help engines); or fewer inputs at once.',
  );
}

async function openWebGpu(): Promise<Backend> {
  const { create, globals } = (await import(pathToFileURL(packagePath('webgpu')).href)) as {
    create: (options: readonly string[]) => { requestAdapter: () => Promise<object | null> };
    globals: object;
  };
  Object.assign(globalThis, globals);
  const gpu = create([]);
  if ((await gpu.requestAdapter()) === null) throw new Error('there is no WebGPU adapter');
  // Node has had a navigator of its own since version 21; the backend looks for `gpu` on it as it is loaded.
  const host = globalThis as { navigator?: object };
  if (host.navigator === undefined) {
    Object.defineProperty(host, 'navigator', { value: { userAgent: 'node' }, configurable: true });
  }
  Object.defineProperty(host.navigator, 'gpu', { value: gpu, configurable: true });
  return openEmbedded('webgpu', '@tensorflow/tfjs-backend-webgpu');
}

/** TensorFlow's own library, of which a process can load one: the first package that is asked for. */
let native: { readonly tf: TensorFlow; readonly isGpu: boolean; readonly name: string } | undefined;

function openNative(device: 'node' | 'node-gpu'): Backend {
  native ??= loadNative(device);
  if (device === 'node-gpu' && !native.isGpu) {
    throw new CocaError('device', `TensorFlow finds no GPU that it can use (${native.name} is loaded)`);
  }
  if (device === 'node' && native.isGpu) {
    throw new CocaError('device', `${native.name} is loaded and computes on the GPU`, 'Use --device node-gpu.');
  }
  return new Backend(native.tf, device, 'tensorflow');
}

function loadNative(device: 'node' | 'node-gpu'): NonNullable<typeof native> {
  // Without a GPU, the package for GPUs computes on the CPU.
  const isGpuAlone = device === 'node' && findPackage('@tensorflow/tfjs-node') === undefined;
  const withGpu = device === 'node-gpu' || (isGpuAlone && findPackage('@tensorflow/tfjs-node-gpu') !== undefined);
  const name = withGpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  const path = packagePath(name);
  // tfjs-node 4.22 uses what Node 23 no longer has.
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === undefined || value === null;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3'; // errors come back as exceptions; the rest is for TensorFlow's developers
  // TensorFlow uses oneDNN by itself only on CPUs with VNNI; its batched products (attention) are five times faster everywhere.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  const threads = threadLimit();
  if (threads !== undefined) {
    for (const name of ['TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS', 'OMP_NUM_THREADS'])
      process.env[name] ??= `${threads}`;
  }
  const tf = loadFrom<TensorFlow>(path);
  tf.enableProdMode();
  const { isUsingGpuDevice } = tf.backend() as unknown as { isUsingGpuDevice: boolean };
  return { tf, isGpu: isUsingGpuDevice, name };
}
