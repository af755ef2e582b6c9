import type { WordMap } from '../../../src/ui/attend/source.js';
import type {
  CandidateView,
  FoundView,
  HypothesisView,
  StepRequest,
  StepSnapshot,
  StepSource,
  TokenCell,
  TreeNodeView,
} from '../../../src/ui/step/source.js';

export const cell = (text: string, probability = 1, more: Partial<TokenCell> = {}): TokenCell => ({
  text,
  probability,
  isJoined: false,
  isForced: false,
  ...more,
});

export const candidate = (text: string, probability: number, fate: CandidateView['fate'] = 'score'): CandidateView => ({
  text,
  probability,
  sum: fate === 'min-length' ? null : Math.log(probability) - 1,
  score: fate === 'min-length' ? null : (Math.log(probability) - 1) / 3,
  fate,
});

/** A tree of nodes from texts: "1 0 dog live -0.5" is node 1 after node 0. */
export function treeOf(lines: readonly string[]): TreeNodeView[] {
  return lines.map((text) => {
    const [id, parent, word, state, score, why] = text.split(' ');
    return {
      id: Number(id),
      parent: Number(parent),
      cell: cell(word!, 0.5),
      state: state as TreeNodeView['state'],
      why: why as TreeNodeView['why'],
      sum: Number(score) * 2,
      score: Number(score),
      line: 0,
    };
  });
}

const beam = (number: number | null, words: readonly string[], score: number, node: number): HypothesisView => ({
  number,
  cells: words.map((word, i) => cell(word, 1 / (i + 1))),
  sum: score * words.length,
  score,
  node,
  candidates:
    number === null ? [] : [candidate('on', 0.6, 'live'), candidate('↵', 0.3, 'min-length'), candidate('to', 0.1)],
});

/** Two beams and a caption; a third branch fell. */
export const SNAPSHOT: StepSnapshot = {
  search: 'beam search, 2 beams',
  prompt: '',
  width: 2,
  step: 3,
  maxSteps: 29,
  isDone: false,
  hypotheses: [
    beam(0, ['a', 'small', 'dog'], -0.3, 5),
    beam(1, ['a', 'cat', 'on'], -0.7, 6),
    beam(null, ['a', 'cat', '↵'], -0.9, -2),
  ],
  chosen: 0,
  fallen: [
    { ...candidate('↵', 0.4, 'min-length'), after: [cell('a'), cell('small')] },
    { ...candidate('bird', 0.05), after: [cell('a'), cell('small')] },
  ],
  lines: [{ text: 'a small dog', score: -0.3, step: 3, isDone: false }],
  line: 0,
  tree: treeOf([
    '1 0 a live -0.1',
    '2 0 the pruned -0.8 score',
    '3 1 small live -0.2',
    '4 1 cat live -0.5',
    '5 3 dog live -0.3',
    '6 4 on live -0.7',
    '-2 4 ↵ finished -0.9',
  ]),
  options: [
    { name: 'beams', value: '2', by: 1 },
    { name: 'length-penalty', value: '1', by: 0.1 },
    { name: 'early-stopping', value: 'false', by: ['false', 'true', 'never'] },
  ],
  past: 3,
  future: 1,
};

/** A walk that stands still, and remembers what it was asked. */
export class StillSource implements StepSource {
  readonly image = 'photo.png';
  readonly model = 'test on cpu';
  readonly grid = 2;
  readonly picture = { size: 8, rgb: Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256) };
  hasChanges = false;
  readonly asked: (StepRequest | string)[] = [];
  answer: (request: StepRequest) => Promise<string> = async () => '';
  #snapshot: StepSnapshot;
  readonly #listeners = new Set<() => void>();

  constructor(snapshot: StepSnapshot = SNAPSHOT) {
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

  async find(query: string): Promise<readonly FoundView[]> {
    const all = ['dog', 'hotdog', 'cat'].map((text, i) => ({
      ids: [i],
      text,
      logprob: Math.log(0.1 / (i + 1)),
      rank: i + 3,
    }));
    return all.filter(({ text }) => text.includes(query));
  }

  async attention(hypothesis: number, back: number): Promise<WordMap | undefined> {
    this.asked.push(`attention ${hypothesis} ${back}`);
    return { map: Float32Array.of(0.1, 0.1, 0.1, 0.7), peak: { x: 0.75, y: 0.75 }, entropy: 1 };
  }

  isUnsaved(): boolean {
    return this.hasChanges;
  }

  async save(): Promise<string> {
    this.asked.push('save');
    return 'saved in photo-step.json';
  }
}
