import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What is said of a machine without the provider; `cudaAdvice` says what to do about it. */
export const NO_CUDA_PROVIDER = "ONNX Runtime's CUDA provider is not installed";

/** onnxruntime-node as it is installed here. */
function runtimeFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
}

/** As onnxruntime-node's own loader and install script have it. */
const BINARIES = ['bin', 'napi-v6', process.platform, process.arch] as const;

const PROVIDERS = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'] as const;

const ELF_MAGIC = '\x7fELF';

/**
 * Whether the libraries of the CUDA provider are there. The npm package leaves them out for their size, and
 * scripts/preinstall.mjs keeps its install script from fetching them, by files that are no libraries.
 * @param folder where the libraries of ONNX Runtime are
 */
export async function hasCudaProvider(folder = join(runtimeFolder(), ...BINARIES)): Promise<boolean> {
  const found = await Promise.all(PROVIDERS.map((name) => isLibrary(join(folder, name))));
  return found.every(Boolean);
}

async function isLibrary(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(ELF_MAGIC.length), 0);
    return bytesRead === ELF_MAGIC.length && buffer.toString('latin1') === ELF_MAGIC;
  } finally {
    await file.close();
  }
}

/** The command that fetches the provider: onnxruntime-node's own script, by its path, since newer npm runs none by name. */
export function cudaAdvice(): string {
  const script = join(runtimeFolder(), 'script', 'install.js');
  return `fetch it with ONNXRUNTIME_NODE_INSTALL=cuda12 node "${script}" (300 MB); it needs CUDA 12 and cuDNN 9 (coca help engines has a way that brings its own)`;
}
