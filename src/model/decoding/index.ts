/** Decoding: from a picture's next-token logits to captions. Knows no engine, no tokenizer and no terminal. */
export { advance, type Forced } from './advance.js';
export { type DecodeHooks, decode } from './decode.js';
export type { DecodingOptions, Strategy } from './knobs.js';
export { candidatesNeeded } from './needed.js';
export { decodingOptions } from './options.js';
export {
  type CaptionIds,
  numberedFrom,
  prunedCount,
  results,
  retainedNodes,
  searchTree,
  type TreeNode,
} from './results.js';
export { scoresOf } from './scores.js';
export { decodeEach, type EndedSearch, type TreePlaces } from './side-by-side/decode-each.js';
export {
  certainIds,
  type JoinedSearch,
  SharedDecoding,
  type SharedModel,
  type SharedTrees,
} from './side-by-side/decode-shared.js';
export {
  type Beam,
  type Candidate,
  type Fate,
  type Finished,
  type GeneratedToken,
  type Group,
  isDone,
  pendingRows,
  type SearchNode,
  type SearchState,
  scoreOf,
  startSearch,
} from './state.js';
export { type CaptionTrie, captionTrie, type Target } from './trie.js';
export { chainOf, ROOT, type RowScores, type SpecialIds, type TokenRow, type TreeModel } from './types.js';
