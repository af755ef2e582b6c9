import { isMainThread } from 'node:worker_threads';
import { CocaError } from '../../base/errors.js';
import { reasonOf } from '../devices.js';

/**
 * onnxruntime-node, loaded when first needed: it is a native library of some size. Every road to it goes through here, since
 * from 1.29 on it reports to its maker unless told not to: it writes a device id and a database into the home folder, opens
 * connections, and searches the process's arguments with a regular expression that overflows the stack when they are long.
 * It reads the variable as it starts, so that must be set before. A thread has only a copy of the environment, which native
 * code does not see: there `loadCoca` starts a process instead.
 * @throws CocaError `engine` where it cannot be loaded
 */
export async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  if (!isMainThread) {
    throw new CocaError(
      'engine',
      'ONNX Runtime cannot be kept from reporting to its maker in a thread',
      'load the model in the main thread, or in a process of its own (isolated: true)',
    );
  }
  process.env.ORT_DISABLE_TELEMETRY = '1';
  try {
    const module = await import('onnxruntime-node');
    const runtime = (module as unknown as { default?: typeof module }).default ?? module;
    // As for sessions: what fails before there is one is an exception, too.
    runtime.env.logLevel = 'fatal';
    return runtime;
  } catch (cause) {
    throw new CocaError(
      'engine',
      `ONNX Runtime cannot be loaded on ${process.platform} ${process.arch}: ${reasonOf(cause)}`,
      'Install the program anew; supported are Linux, macOS (arm64) and Windows, on x64 and arm64.',
      { cause },
    );
  }
}
