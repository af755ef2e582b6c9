import type { RandomState } from '../base/random.js';
import type { DecodingOptions } from './knobs.js';
import type { Row } from './scores.js';
import type { Beam, Fate } from './state.js';
import type { SpecialIds } from './types.js';

/** A continuation before it is numbered. */
export interface Choice {
  readonly beam: Beam;
  readonly row: Row;
  readonly token: number;
  readonly logprob: number;
  readonly sum: number;
  readonly fate: Fate;
  /** Nothing chose it but a person. */
  readonly forced?: true;
  /** Of a sample: where its random numbers are after this draw. */
  readonly random?: RandomState;
}

/** What one step made of a group. */
export interface GroupStep {
  /** Everything weighed, best first: what goes on, what finished and, for a trace, what lost. */
  readonly choices: readonly Choice[];
  readonly done: boolean;
}

/** Where a group stands in its search. */
export interface GroupContext {
  readonly options: DecodingOptions;
  readonly special: SpecialIds;
  readonly vocabSize: number;
  readonly promptLength: number;
  /** How many beams of earlier groups chose each token in this step. */
  readonly chosen: ReadonlyMap<number, number>;
  /** What one of the group's beams must go on with, whatever the rules of the search say. */
  readonly forced?: { readonly beam: Beam; readonly token: number };
}
