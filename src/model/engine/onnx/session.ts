import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { CocaError } from '../../base/errors.js';
import { threadLimit } from '../../base/processes/threads.js';
import { reasonOf } from '../devices.js';
import { cardOf, kindOf, type NUMBERED_DEVICES } from '../engines.js';
import { loadRuntime } from './runtime.js';

export type Feeds = Readonly<Record<string, Tensor>>;
/** What a run is to give, by name: written into a tensor, or with null into a new one. */
export type Fetches = Readonly<Record<string, Tensor | null>>;

/** Frees what of tensors lies on a device: nothing else tells that they are no longer wanted. */
export function dispose(tensors: Feeds): void {
  for (const tensor of Object.values(tensors)) if (tensor.location === 'gpu-buffer') tensor.dispose();
}

/** How a session differs from others. */
export interface SessionOptions {
  /** A graph that runs now and then: its weights stay as they lie in the file, which costs no memory and no time before the first
   * run, and more time in each. */
  readonly isRare?: boolean;
  /** Outputs that stay in buffers of the device, to be inputs of other runs. */
  readonly onDevice?: readonly string[];
}

/** What ONNX Runtime says of a device without half precision. */
const NO_HALF = /requires f16 but the device does not support it/;

/** A provider as ONNX Runtime wants it named, with the number of its card where one is. */
function providerOf(device: string): InferenceSession.ExecutionProviderConfig {
  const deviceId = cardOf(device);
  return deviceId === undefined ? device : { name: kindOf(device) as (typeof NUMBERED_DEVICES)[number], deviceId };
}

/** A graph ready to run on one provider. */
export class OnnxSession {
  private constructor(
    private readonly session: InferenceSession,
    private readonly what: string,
    private readonly keeps: boolean,
  ) {}

  /**
   * @param model a serialised ONNX model
   * @param folder where the files named by its external initializers lie
   * @param device one of ONNX Runtime's providers, or a card of one: `cuda:1`
   * @throws CocaError `engine` when the provider or the model cannot be used, `device` for one without half precision
   */
  static async create(
    what: string,
    model: Uint8Array,
    folder: string,
    device: string,
    { isRare = false, onDevice = [] }: SessionOptions = {},
  ): Promise<OnnxSession> {
    const runtime = await loadRuntime();
    const threads = threadLimit();
    try {
      const session = await runtime.InferenceSession.create(model, {
        executionProviders: [providerOf(device)],
        graphOptimizationLevel: 'all',
        // Errors come back as exceptions; anything less is noise on the terminal.
        logSeverityLevel: 4,
        ...(threads !== undefined && { intraOpNumThreads: threads }),
        ...(onDevice.length > 0 && {
          preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, 'gpu-buffer' as const])),
        }),
        extra: {
          session: {
            model_external_initializers_file_folder_path: folder,
            // Threads that spin after their run would slow the next one, which is another session's.
            force_spinning_stop: '1',
            ...(isRare && { disable_prepacking: '1' }),
          },
        },
      });
      return new OnnxSession(session, what, onDevice.length > 0);
    } catch (cause) {
      const message = `the ${what} graph could not be prepared on ${device}: ${reasonOf(cause)}`;
      if (NO_HALF.test(message)) {
        throw new CocaError('device', message, 'it has no half precision: leave --precision fp16 out', { cause });
      }
      throw new CocaError('engine', message, undefined, { cause });
    }
  }

  /**
   * Runs the graph. One whose outputs stay on a device gives all that it has: onnxruntime-node binds outputs for the life of a
   * session, and refuses a run that wants others than the first.
   */
  async run(feeds: Feeds, wanted: Fetches): Promise<Feeds> {
    const fetches = this.keeps ? Object.fromEntries(this.outputNames.map((name) => [name, null])) : wanted;
    try {
      return (await this.session.run(feeds, fetches)) as Feeds;
    } catch (cause) {
      throw new CocaError('engine', `the ${this.what} graph failed: ${reasonOf(cause)}`, undefined, { cause });
    }
  }

  get inputNames(): readonly string[] {
    return this.session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.session.outputNames;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
