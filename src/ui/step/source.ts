import type { Candidate } from '../../model/decoding/index.js';
import type { FoundToken, SessionNode } from '../../model/stepper/index.js';
import type { WordMap } from '../attend/source.js';
import type { Raster } from '../picture/raster.js';

/** A token as it is to be shown: nothing in it may move a cursor. */
export interface TokenCell {
  readonly text: string;
  /** What the model gave it where it stands; 1 for what was given. */
  readonly probability: number;
  /** The next token follows without a space. */
  readonly isJoined: boolean;
  readonly isForced: boolean;
}

/** A continuation and what a step makes of it. */
export interface CandidateView extends Pick<Candidate, 'sum' | 'score' | 'fate'> {
  readonly text: string;
  readonly probability: number;
}

/** A continuation that a step weighed, with the text that it continues. */
export interface WeighedView extends CandidateView {
  readonly after: readonly TokenCell[];
}

/** A beam, or a caption that is finished. */
export interface HypothesisView {
  /** The beam's number; null of a finished caption. */
  readonly number: number | null;
  readonly cells: readonly TokenCell[];
  readonly sum: number;
  readonly score: number;
  /** Its last node in the tree. */
  readonly node: number;
  /** What may follow, the likeliest first. */
  readonly candidates: readonly CandidateView[];
}

/** A token in the tree of everything that was tried. */
export interface TreeNodeView extends Pick<SessionNode, 'id' | 'parent' | 'state' | 'why' | 'sum' | 'score' | 'line'> {
  readonly cell: TokenCell;
}

/** A line of exploration in a line. */
export interface LineView {
  readonly text: string;
  readonly score: number;
  readonly step: number;
  readonly isDone: boolean;
}

/** An option that can be changed on the way. */
export interface OptionView {
  /** As it is typed: length-penalty. */
  readonly name: string;
  readonly value: string;
  /** By how much the arrow keys change it; words for one of a few. */
  readonly by: number | readonly string[];
}

/** Where a walk stands. A new object after each change, so that what is drawn from it can be kept. */
export interface StepSnapshot {
  /** "beam search, 6 beams". */
  readonly search: string;
  /** What captions were made to begin with. */
  readonly prompt: string;
  /** How many hypotheses it keeps side by side. */
  readonly width: number;
  readonly step: number;
  readonly maxSteps: number;
  readonly isDone: boolean;
  /** Of the current line: its beams, then its finished captions. */
  readonly hypotheses: readonly HypothesisView[];
  readonly chosen: number;
  /** What the last step of the current line weighed and let fall, the best first. */
  readonly fallen: readonly WeighedView[];
  readonly lines: readonly LineView[];
  readonly line: number;
  /** Of all lines; parents first, and what was given left out. */
  readonly tree: readonly TreeNodeView[];
  readonly options: readonly OptionView[];
  /** How many actions can be undone and done again. */
  readonly past: number;
  readonly future: number;
}

/** A token that a search of the vocabulary found; its log-probability and rank are those of the first. */
export interface FoundView extends Pick<FoundToken, 'logprob' | 'rank'> {
  /** More than one where the text that was typed is several tokens. */
  readonly ids: readonly number[];
  readonly text: string;
}

/** What the view asks for. What is about a beam is about the one that is chosen when its turn comes. */
export type StepRequest =
  | { readonly type: 'next' | 'undo' | 'redo' | 'first' | 'last' | 'run' | 'prune' | 'next-line' }
  | { readonly type: 'choose'; readonly by: 1 | -1 }
  | { readonly type: 'force'; readonly candidate: number }
  /** What `find` finds for the query, at that place. */
  | { readonly type: 'force-found'; readonly query: string; readonly match: number }
  /** A line of its own from this many tokens before the end. */
  | { readonly type: 'fork'; readonly back: number }
  | { readonly type: 'set'; readonly options: Readonly<Record<string, string>> };

/** A walk through a search, as the view sees it: it knows no engine. */
export interface StepSource {
  /** The picture's name, as it is to be shown. */
  readonly image: string;
  /** Model and device. */
  readonly model: string;
  /** The square that the model sees, and patches along its side. */
  readonly picture: Raster;
  readonly grid: number;
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
  find(query: string, most: number): Promise<readonly FoundView[]>;
  /** Where the token looks that stands `back` tokens before the end of a hypothesis; undefined where there is none. */
  attention(hypothesis: number, back: number): Promise<WordMap | undefined>;
  /** Writes the session to a file and says where. */
  save(): Promise<string>;
  /** Whether leaving now would lose what was done by hand. */
  isUnsaved(): boolean;
}
