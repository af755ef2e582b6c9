import fc from 'fast-check';
import { CocaError } from '../../../src/model/base/errors.js';
import {
  type DecodingOptions,
  decodingOptions,
  type RowScores,
  type TokenRow,
  type TreeModel,
} from '../../../src/model/decoding/index.js';
import {
  type Action,
  CANDIDATES,
  type Changing,
  currentLine,
  hypothesesOf,
  type Move,
  type Region,
  type Session,
  Stepper,
  startSession,
  type WalkChange,
} from '../../../src/model/stepper/index.js';
import { CONTEXT, type HashParameters, hashModel, SPECIAL, VOCAB } from '../decoding/hash-model.js';

/** A model that really forgets what it is let forget, and holds callers to it. */
export class ForgetfulModel implements TreeModel {
  readonly batch = 1;
  /** How many rows each call evaluated. */
  readonly calls: number[] = [];
  readonly #forgotten = new Set<number>();
  readonly #parents: number[] = [];

  constructor(private readonly model: TreeModel) {}

  get vocabSize(): number {
    return this.model.vocabSize;
  }

  async extend(rows: readonly (readonly TokenRow[])[], candidates?: number): Promise<readonly RowScores[]> {
    for (const { parent } of rows[0]!) {
      if (this.#forgotten.has(parent)) throw new Error(`node ${parent} was forgotten`);
      this.#parents.push(parent);
    }
    this.calls.push(rows[0]!.length);
    return this.model.extend(rows, candidates);
  }

  retain([live]: readonly (readonly number[])[]): void {
    for (const node of this.#parents.keys()) if (!live!.includes(node)) this.#forgotten.add(node);
    for (const node of live!) {
      if (this.#forgotten.has(node)) throw new Error(`node ${node} was forgotten before`);
      const parent = this.#parents[node]!;
      if (parent >= 0 && !live!.includes(parent)) throw new Error(`node ${node} lives without ${parent} before it`);
    }
  }

  release(): void {
    this.model.release();
  }
}

export const models = fc.record({
  seed: fc.nat(2 ** 31 - 1),
  window: fc.constantFrom(2, 100),
  eot_bias: fc.constantFrom(0, 1, 3),
});

const rules = {
  maxLength: fc.integer({ min: 4, max: 12 }),
  minLength: fc.nat(4),
  lengthPenalty: fc.constantFrom(0, 1, 2),
  repetitionPenalty: fc.constantFrom(1, 1.3),
  noRepeatNgram: fc.constantFrom(0, 2),
};
export const searches: fc.Arbitrary<Partial<DecodingOptions>> = fc.oneof(
  fc.record({ ...rules, beams: fc.integer({ min: 2, max: 6 }), earlyStopping: fc.boolean() }),
  fc
    .record({ ...rules, groups: fc.integer({ min: 2, max: 3 }), size: fc.integer({ min: 1, max: 2 }) })
    .map(({ size, ...own }) => ({ ...own, beams: own.groups * size })),
  fc.record({
    ...rules,
    strategy: fc.constant('sample' as const),
    num: fc.integer({ min: 1, max: 3 }),
    topP: fc.constantFrom(0.7, 1),
    seed: fc.nat(99),
  }),
  fc.record({ ...rules, strategy: fc.constant('greedy' as const) }),
);

export function begin(given: Partial<DecodingOptions>, prompt: readonly number[] = [SPECIAL.sot]): Session {
  const options = decodingOptions({ trace: CANDIDATES, ...given }, { contextLength: CONTEXT });
  return startSession(options, SPECIAL, prompt, { vocabSize: VOCAB, contextLength: CONTEXT });
}

/** Models under changes: another for each list of them. */
const changing = ({ seed, ...parameters }: HashParameters): Changing => ({
  async openTree(changes) {
    const other = [...JSON.stringify(changes)].reduce(
      (sum, letter) => (31 * sum + letter.charCodeAt(0)) % 2 ** 31,
      seed,
    );
    return new ForgetfulModel(hashModel({ ...parameters, seed: other }));
  },
  async changeOf(request) {
    switch (request.type) {
      case 'erase':
        return { type: 'erase', ...(request.region as Region) };
      case 'ablate':
        return { type: 'ablate', sites: request.sites.split(' ') };
      case 'patch':
        return { type: 'patch', image: request.image, sha256: 'f'.repeat(64), site: request.site! };
    }
  },
});

export const stepperOver = (parameters: HashParameters, given: Partial<DecodingOptions>, prompt?: readonly number[]) =>
  new Stepper(new ForgetfulModel(hashModel(parameters)), begin(given, prompt), changing(parameters));

/** Something to do, whatever there is: numbers are taken modulo what can be had. */
export interface Wish {
  readonly type: Action['type'] | Move['type'];
  readonly a: number;
  readonly b: number;
}

export const wishes = fc.array(
  fc.record({
    type: fc.constantFrom<Wish['type'][]>(
      ...(['next', 'next', 'next', 'next', 'force', 'prune', 'fork', 'set', 'undo', 'undo', 'redo'] as const),
      ...(['erase', 'ablate', 'patch'] as const),
      ...(['choose', 'switch'] as const),
    ),
    a: fc.nat(1000),
    b: fc.nat(1000),
  }),
  { maxLength: 25 },
) as fc.Arbitrary<readonly Wish[]>;

/** A change: in some, names that a script has to say with care. */
function changeFor(type: WalkChange['type'], b: number): WalkChange {
  if (type === 'ablate') return { type, sites: b % 2 === 0 ? ['cross.0.h1'] : ['mlp.text.0', 'pooler'] };
  if (type === 'patch') {
    const image = ['b.png', 'a "quoted", name at 3.png', 'back\\slash@2.png'][b % 3]!;
    return { type, image, sha256: 'f'.repeat(64), site: b % 2 === 0 ? 'image' : 'vision.1:3' };
  }
  const place = { x: b % 7, y: 2, width: 3, height: 1 + (b % 3) };
  return [
    { type, rectangle: place },
    { type, box: place },
    { type, cells: [b % 9, 9] },
    { type, cells: [4], word: 'dog' },
  ][b % 4]! as WalkChange;
}

/** A wish as an input to the session at hand. */
export function inputOf(session: Session, { type, a, b }: Wish): Action | Move {
  const { walk } = session;
  const current = currentLine(session);
  const line = walk.line;
  const numbers = current.numbers.flat();
  const beam = numbers[a % Math.max(1, numbers.length)] ?? 0;
  const at = a % hypothesesOf(current).length;
  switch (type) {
    case 'next':
      return { type, line };
    case 'force':
      return { type, line, beam, token: b % VOCAB };
    case 'prune':
      return { type, line, beam };
    case 'fork': {
      const { ids } = hypothesesOf(current)[at]!.text;
      return b % 3 === 0 ? { type, line, at } : { type, line, at, length: 1 + (b % ids.length) };
    }
    case 'erase':
    case 'ablate':
    case 'patch': {
      const { ids } = hypothesesOf(current)[at]!.text;
      return { line, at, ...(b % 3 > 0 && { length: 1 + (b % ids.length) }), ...changeFor(type, b) };
    }
    case 'set':
      return { type, line, options: b % 2 === 0 ? { lengthPenalty: (a % 5) / 2 } : { minLength: a % 5 } };
    case 'choose':
      return { type, at };
    case 'switch':
      return { type, line: a % walk.lines.length };
    default:
      return { type };
  }
}

/** Does it, unless it cannot be done. @returns whether it was */
export async function tryTo(stepper: Stepper, input: Action | Move): Promise<boolean> {
  const before = stepper.session;
  try {
    await stepper.perform(input);
    return true;
  } catch (error) {
    if (!(error instanceof CocaError) || error.code !== 'usage' || stepper.session !== before) throw error;
    return false;
  }
}

export async function walk(stepper: Stepper, list: readonly Wish[]): Promise<void> {
  for (const wish of list) await tryTo(stepper, inputOf(stepper.session, wish));
}
