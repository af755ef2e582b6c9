import type { LoadedCoca, LoadOptions } from '../model/store/load.js';

/** A model that a command asks for. */
export interface WantedModel extends LoadOptions {
  /**
   * Whether a server that has it loaded may answer for it: of a command that asks for embeddings, captions and their likelihoods,
   * one picture after the other, and for nothing else; with `texts`, for the texts of captions alone.
   */
  readonly mayBeServed?: boolean | 'texts';
}

/** Where commands get their models from: loaded for one command, or kept warm for a session. */
export interface ModelSource {
  /** @throws CocaError as `loadCoca` does */
  borrow(wanted: WantedModel): Promise<LoadedCoca>;
  giveBack(coca: LoadedCoca): Promise<void>;
}
