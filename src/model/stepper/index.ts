/** Walking through a search by hand: a session is a value, and a stepper asks the model for what its steps need. */
export { CHANGEABLE } from '../decoding/knobs.js';
export { type Action, changeableOptions, type Move, type OptionChanges } from './actions.js';
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
export { actionsOf, formatSaved, parseSaved, type SavedSession } from './saved.js';
export { currentLine, neededStems, reduce, type ScoresOf, type Session, startSession, type Walk } from './session.js';
export { openStepper, Stepper } from './stepper.js';
export { type SessionNode, sessionTree, type Why } from './tree.js';
export { type ForceTarget, performVerb, type Verb } from './verbs.js';
