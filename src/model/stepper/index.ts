/** Walking through a search by hand: a session is a value, and a stepper asks the model for what its steps need. */
export { CHANGEABLE } from '../decoding/knobs.js';
export {
  type Action,
  type ChangeAction,
  changeableOptions,
  changeOf,
  isChange,
  type Move,
  type OptionChanges,
} from './actions.js';
export { type ChangeRequest, changeName, type Region, type WalkChange } from './changes.js';
export { type Stem, stemOf } from './evaluations.js';
export { type FoundToken, findTokens, standingOf } from './find.js';
export {
  beamOf,
  CANDIDATES,
  candidatesOf,
  chosenOf,
  endOf,
  fallenOf,
  type Hypothesis,
  hypothesesOf,
  type Line,
  tokensTo,
} from './line.js';
export { type Moved, movedTokens } from './moved.js';
export { describePatchSites } from './patch-site.js';
export { actionsOf, formatSaved, parseSaved, type SavedSession } from './saved.js';
export {
  currentLine,
  type LinePair,
  neededStems,
  pairOf,
  reduce,
  type ScoresOf,
  type Session,
  startSession,
  type Walk,
} from './session.js';
export { type Changing, openStepper, Stepper } from './stepper.js';
export { type SessionNode, sessionTree, type Why } from './tree.js';
export { type ForceTarget, performVerb, type Verb } from './verbs.js';
export { type PatchPicture, type Seen, WalkModels, type WalkPicture } from './walk-models.js';
