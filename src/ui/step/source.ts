import type { MeasuredMap } from '../../model/attention/index.js';
import type { Candidate } from '../../model/decoding/index.js';
import type { ChangeableName } from '../../model/decoding/knobs.js';
import type { FoundToken, Moved, Session, Verb, WalkChange } from '../../model/stepper/index.js';
import type { Raster } from '../picture/raster.js';
import type { TokenTexts } from './lines/token-texts.js';

/** Where a walk stands. A new object after each change. */
export interface StepSnapshot {
  readonly session: Session;
  /** What the next step of the current line would weigh. */
  readonly preview: readonly Candidate[];
  /** What differs most, after the chosen text, between the lines that stand side by side. */
  readonly moved: readonly Moved[];
  readonly texts: TokenTexts;
}

/** What was found in the vocabulary; its log-probability and rank are those of the first token. */
export interface Found extends Pick<FoundToken, 'logprob' | 'rank'> {
  /** More than one where the text that was typed is several tokens. */
  readonly ids: readonly number[];
}

/** Values of options as they are typed. */
export type Draft = { readonly [Name in ChangeableName]?: string };

/** What the view asks for. What is about a beam is about the one that is chosen when its turn comes. */
export type StepRequest =
  | Verb
  /** Forces what `find` finds for the query, at that place. */
  | { readonly type: 'force-found'; readonly query: string; readonly match: number }
  | { readonly type: 'set-typed'; readonly options: Draft }
  /**
   * A change as it was typed, from the chosen text without its last `back` tokens. Nothing typed after `erase` is the word whose
   * token is there, and the text before it.
   */
  | { readonly type: 'change-typed'; readonly verb: ChangeVerb; readonly text: string; readonly back: number };

/** What can be changed in the middle of a walk. */
export type ChangeVerb = WalkChange['type'];

/** A walk through a search, as the view sees it: it knows no engine. */
export interface StepSource {
  /** The picture's name, as it is to be shown. */
  readonly image: string;
  /** Model and device. */
  readonly model: string;
  /** The square that the model sees in the current line, and patches along its side. */
  readonly picture: Raster;
  readonly grid: number;
  /** The sites that can be ablated, and those where another picture's activations can be put, in words. */
  readonly sites: { readonly ablate: string; readonly patch: string };
  snapshot(): StepSnapshot;
  /** Calls back after each change. @returns how to stop */
  subscribe(onChange: () => void): () => void;
  /**
   * Does something, after what was asked before. @returns what there is to say
   * @throws Error whose message is for the person
   */
  perform(request: StepRequest): Promise<string>;
  /** Ends a run after the step that it is at. */
  stop(): void;
  /** Tokens whose text holds `query`, with what the model gives them after the chosen beam. */
  find(query: string, most: number): Promise<readonly Found[]>;
  /** Where the token looks that stands `back` tokens before the end of a hypothesis; undefined where there is none. */
  attention(hypothesis: number, back: number): Promise<MeasuredMap | undefined>;
  /**
   * The tokens that differ most in probability between the lines that stand side by side (`pairOf`), after a hypothesis of the current
   * line without its last `back` tokens.
   */
  moved(hypothesis: number, back: number): Promise<readonly Moved[]>;
  /** Writes the session to a file and says where. */
  save(): Promise<string>;
  /** Whether leaving now would lose what was done by hand. */
  isUnsaved(): boolean;
}
