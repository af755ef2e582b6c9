import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { CocaError } from '../../base/errors.js';
import { reasonOf } from '../devices.js';
import { loadRuntime } from './runtime.js';

export type Feeds = Readonly<Record<string, Tensor>>;

/** A graph ready to run on one provider. */
export class OnnxSession {
  private constructor(
    private readonly session: InferenceSession,
    private readonly what: string,
  ) {}

  /**
   * @param model a serialised ONNX model
   * @param folder where the files named by its external initializers lie
   * @param isRare a graph that runs now and then: its weights stay as they lie in the file, which costs no memory and no time
   * before the first run, and more time in each
   * @throws CocaError `engine` when the provider or the model cannot be used
   */
  static async create(
    what: string,
    model: Uint8Array,
    folder: string,
    provider: string,
    isRare = false,
  ): Promise<OnnxSession> {
    const runtime = await loadRuntime();
    try {
      const session = await runtime.InferenceSession.create(model, {
        executionProviders: [provider],
        graphOptimizationLevel: 'all',
        // Errors come back as exceptions; anything less is noise on the terminal.
        logSeverityLevel: 4,
        extra: {
          session: {
            model_external_initializers_file_folder_path: folder,
            // Threads that spin after their run would slow the next one, which is another session's.
            force_spinning_stop: '1',
            ...(isRare && { disable_prepacking: '1' }),
          },
        },
      });
      return new OnnxSession(session, what);
    } catch (cause) {
      throw new CocaError(
        'engine',
        `the ${what} graph could not be prepared on ${provider}: ${reasonOf(cause)}`,
        undefined,
        {
          cause,
        },
      );
    }
  }

  /** Runs the graph; `into` gives tensors that outputs are written to. */
  async run(feeds: Feeds, outputs: readonly string[], into: Feeds = {}): Promise<Readonly<Record<string, Tensor>>> {
    const fetches: Record<string, Tensor | null> = {};
    for (const name of outputs) fetches[name] = into[name] ?? null;
    try {
      return (await this.session.run(feeds, fetches)) as Record<string, Tensor>;
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
