import type { MeasuredMap } from '../../../src/model/attention/index.js';
import { type Candidate, decodingOptions, type Finished } from '../../../src/model/decoding/index.js';
import type { Line, Moved, SessionNode } from '../../../src/model/stepper/index.js';
import { TokenTexts } from '../../../src/ui/step/lines/token-texts.js';
import type { Found, StepRequest, StepSnapshot, StepSource } from '../../../src/ui/step/source.js';
import { idOf, WORD_TOKENIZER } from '../../support/word-tokenizer.js';

export const TEXTS = new TokenTexts(WORD_TOKENIZER);

const START = { id: 0, parent: -1, step: 0, beam: 0, token: 0, logprob: 0, sum: 0, score: 0 };

/** A node of a tree from a text: "1 0 dog(33) live -0.5" is node 1 after node 0, of probability 0.33 (unless said 0.5). */
export function nodeOf(text: string, more: Partial<SessionNode> = {}): SessionNode {
  const [id, parent, word, state, score, why] = text.split(' ');
  const [, plain, percent = '50'] = /^(.*?)(?:\((\d+)\))?$/.exec(word!)!;
  return {
    ...{
      id: Number(id),
      parent: Number(parent),
      step: 1,
      beam: 0,
      line: 0,
      sum: 2 * Number(score),
      score: Number(score),
    },
    ...{ token: idOf(plain!), logprob: Math.log(Number(percent) / 100), state: state as SessionNode['state'] },
    ...(why !== undefined && { why: why as NonNullable<SessionNode['why']> }),
    ...more,
  };
}

export const treeOf = (lines: readonly string[]): SessionNode[] => lines.map((line) => nodeOf(line));

const candidate = (parent: number, word: string, probability: number, fate: Candidate['fate']): Candidate => ({
  ...{ parent, group: 0, token: idOf(word), logprob: Math.log(probability), value: Math.log(probability), fate },
  sum: fate === 'min-length' ? null : Math.log(probability) - 1,
  score: fate === 'min-length' ? null : (Math.log(probability) - 1) / 3,
});

interface Told {
  readonly tree?: readonly SessionNode[];
  /** Last nodes of the beams and of the captions; unless given, those of the tree that live and have nothing after them. */
  readonly beams?: readonly number[];
  readonly finished?: readonly number[];
  readonly chosen?: number;
  readonly step?: number;
  readonly isDone?: boolean;
  /** What is changed in it, and the line that it was changed from. */
  readonly changes?: Line['changes'];
  readonly from?: number;
  /** What the last step weighed. */
  readonly fallen?: readonly Candidate[];
}

const TREE = treeOf([
  '1 0 a(100) live -0.1',
  '2 0 the pruned -0.8 score',
  '3 1 small live -0.2',
  '4 1 cat live -0.5',
  '5 3 dog(33) live -0.3',
  '6 4 on(33) live -0.7',
  '-2 4 ↵(33) finished -0.9',
]);
const FALLEN = [candidate(3, '↵', 0.4, 'min-length'), candidate(3, 'bird', 0.05, 'score')];

/** A line of exploration in which a tree has grown. */
function lineOf({
  tree = TREE,
  step = 3,
  chosen = 0,
  isDone = false,
  fallen = FALLEN,
  changes = [],
  ...told
}: Told): Line {
  const byId = new Map(tree.map((node) => [node.id, node]));
  const followed = new Set(tree.filter(({ state }) => state !== 'pruned').map(({ parent }) => parent));
  const ends = (state: string) =>
    tree.filter((one) => one.state === state && !followed.has(one.id)).map(({ id }) => id);
  const textOf = (end: number): Finished => {
    const nodes: SessionNode[] = [];
    for (let node = byId.get(end); node; node = byId.get(node.parent)) nodes.unshift(node);
    const tokens = nodes.map(({ token, logprob }) => ({ id: token, logprob }));
    const score = nodes.at(-1)?.score ?? 0;
    const ids = [0, ...tokens.map(({ id }) => id)];
    return { path: [0, ...nodes.map(({ id }) => id)], ids, tokens, sum: score * nodes.length, score };
  };
  const beams = (told.beams ?? (tree.length === 0 ? [0] : ends('live'))).map(textOf);
  const finished = (told.finished ?? ends('finished')).map(textOf);
  // A branch ends for what its likeliest continuation lost by.
  const reasons = tree.flatMap(({ id, why }) =>
    why === undefined || why === 'by-hand' || why === 'ended' ? [] : [candidate(id, 'none', 0.9, why)],
  );
  const state = {
    options: decodingOptions({ beams: 2, maxLength: 30 }, { contextLength: 77 }),
    ...{ special: WORD_TOKENIZER.special, vocabSize: 1000, promptLength: 1, step, pending: [] },
    groups: [{ beams, finished, done: isDone }],
    nodes: [START, ...tree],
    considered: step === 0 ? [] : [reasons, fallen],
    ...{ nextNode: 100, nextLeaf: -100 },
  };
  const pruned = tree.filter(({ why }) => why === 'by-hand').map(({ id }) => id);
  return {
    state,
    numbers: [beams.map((_, i) => i)],
    pruned,
    chosen,
    changes,
    ...(told.from !== undefined && { origin: { line: told.from, node: 0 } }),
  };
}

/** Where a walk stands, of one line or several: the last is looked at. Unless told, two beams and a caption; a branch fell. */
export function stepOf(...told: readonly Told[]): StepSnapshot {
  const lines = (told.length === 0 ? [{}] : told).map(lineOf);
  const walk = { lines, line: lines.length - 1, nextNode: 100, nextLeaf: -100 };
  const taken = { action: { type: 'next', line: 0 }, walk } as const;
  const preview = lines
    .at(-1)!
    .state.groups[0]!.beams.flatMap(({ path }) => [
      candidate(path.at(-1)!, 'on', 0.6, 'live'),
      candidate(path.at(-1)!, '↵', 0.3, 'min-length'),
      candidate(path.at(-1)!, 'to', 0.1, 'score'),
    ]);
  return {
    session: { contextLength: 77, walk, past: [taken, taken, taken], future: [taken] },
    preview,
    moved: MOVED,
    texts: TEXTS,
  };
}

const MOVED = [
  { token: idOf('on'), logprob: Math.log(0.6), before: Math.log(0.05) },
  { token: idOf('dog'), logprob: Math.log(0.0001), before: Math.log(0.4) },
  { token: idOf('to'), logprob: Math.log(0.1), before: Math.log(0.1001) },
];

/** A walk that stands still, and remembers what it was asked. */
export class StillSource implements StepSource {
  readonly image = 'photo.png';
  readonly model = 'test on cpu';
  readonly grid = 2;
  readonly sites = { ablate: 'cross.L', patch: 'image' };
  readonly picture = { size: 8, rgb: Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256) };
  hasChanges = false;
  readonly asked: (StepRequest | string)[] = [];
  answer: (request: StepRequest) => Promise<string> = async () => '';
  #snapshot: StepSnapshot;
  readonly #listeners = new Set<() => void>();

  constructor(snapshot: StepSnapshot = stepOf()) {
    this.#snapshot = snapshot;
  }

  readonly snapshot = (): StepSnapshot => this.#snapshot;

  readonly subscribe = (onChange: () => void): (() => void) => {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  };

  change(snapshot: StepSnapshot): void {
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener();
  }

  perform(request: StepRequest): Promise<string> {
    this.asked.push(request);
    return this.answer(request);
  }

  stop(): void {
    this.asked.push('stop');
  }

  async find(query: string): Promise<readonly Found[]> {
    return ['dog', 'hotdog', 'cat']
      .map((text, i) => ({ text, ids: [idOf(text)], logprob: Math.log(0.1 / (i + 1)), rank: i + 3 }))
      .filter(({ text }) => text.includes(query));
  }

  async attention(hypothesis: number, back: number): Promise<MeasuredMap | undefined> {
    this.asked.push(`attention ${hypothesis} ${back}`);
    return { map: Float32Array.of(0.1, 0.1, 0.1, 0.7), peak: { x: 0.75, y: 0.75 }, entropy: 1, isFlat: false };
  }

  async moved(hypothesis: number, back: number): Promise<readonly Moved[]> {
    this.asked.push(`moved ${hypothesis} ${back}`);
    return [{ token: idOf('cat'), logprob: Math.log(0.25), before: Math.log(0.75) }];
  }

  isUnsaved(): boolean {
    return this.hasChanges;
  }

  async save(): Promise<string> {
    this.asked.push('save');
    return 'saved in photo-step.json';
  }
}
