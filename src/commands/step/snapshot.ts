import { kebab } from '../../cli/command.js';
import type { Coca } from '../../model/api.js';
import { type Candidate, isDone, type SearchNode, type SearchState } from '../../model/decoding/index.js';
import { DECODING_KNOBS } from '../../model/decoding/knobs.js';
import {
  CANDIDATES,
  candidatesOf,
  changeableOptions,
  currentLine,
  hypothesesOf,
  type Line,
  type Session,
  sessionTree,
  type Walk,
} from '../../model/stepper/index.js';
import type {
  CandidateView,
  HypothesisView,
  LineView,
  OptionView,
  StepSnapshot,
  TokenCell,
  TreeNodeView,
} from '../../ui/step/source.js';
import { visible } from '../../ui/text.js';
import { bestOf } from './result.js';

/** Stands for the end token, whose name is long. */
const END = '↵';
/** After a token that does not end a word. */
const PIECE = '+';

/** Makes what the view shows out of a session. */
export class Snapshots {
  readonly #texts = new Map<number, string>();
  /** The tree of the searches that it was last made of: looking elsewhere does not change it. */
  #tree: { readonly states: readonly SearchState[]; readonly nodes: readonly TreeNodeView[] } = {
    states: [],
    nodes: [],
  };
  /** Whether this vocabulary says where words end: only then can tokens be set without a space. */
  readonly #marksEnds: boolean;

  constructor(private readonly tokenizer: Coca['tokenizer']) {
    const last = tokenizer.encode('a').at(-1);
    this.#marksEnds = last !== undefined && tokenizer.endsWord(last);
  }

  /** A token as it is to be shown. */
  textOf(id: number): string {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const text = id === this.tokenizer.special.eot ? END : visible(this.tokenizer.tokenText(id)) || '·';
    this.#texts.set(id, text);
    return text;
  }

  /** The same where it stands alone: a piece that the next token goes on from is told from a whole word. */
  labelOf(id: number): string {
    return this.#isPiece(id) ? `${this.textOf(id)}${PIECE}` : this.textOf(id);
  }

  /** @param preview what the next step would weigh */
  of(session: Session, preview: readonly Candidate[]): StepSnapshot {
    const line = currentLine(session);
    const { walk, past, future } = session;
    const { state } = line;
    const nodes = new Map(state.nodes.map((node) => [node.id, node]));
    return {
      search: searchText(line),
      prompt: visible(this.tokenizer.decode(promptOf(line))),
      width: widthOf(line),
      step: state.step,
      maxSteps: state.options.maxLength - state.promptLength,
      isDone: isDone(state),
      hypotheses: this.#hypotheses(line, nodes, preview),
      chosen: line.chosen,
      fallen: this.#fallen(line, nodes),
      lines: walk.lines.map((one) => this.#line(one)),
      line: walk.line,
      tree: this.#treeOf(session),
      options: optionsOf(line),
      past: past.length,
      future: future.length,
    };
  }

  #isPiece(id: number): boolean {
    const { endsWord, special } = this.tokenizer;
    return this.#marksEnds && !endsWord(id) && id !== special.eot;
  }

  #cell({ token, logprob, forced }: SearchNode): TokenCell {
    return {
      text: this.textOf(token),
      probability: Math.exp(logprob),
      isJoined: this.#isPiece(token),
      isForced: forced === true,
    };
  }

  /** The tokens on the way to a node, the start token left out. */
  #cells(path: readonly number[], nodes: ReadonlyMap<number, SearchNode>): TokenCell[] {
    return path.slice(1).map((id) => this.#cell(nodes.get(id)!));
  }

  #candidate(candidate: Candidate): CandidateView {
    return { ...candidate, text: this.labelOf(candidate.token), probability: Math.exp(candidate.logprob) };
  }

  #hypotheses(
    line: Line,
    nodes: ReadonlyMap<number, SearchNode>,
    preview: readonly Candidate[],
  ): readonly HypothesisView[] {
    return hypothesesOf(line).map((one) => ({
      number: one.kind === 'live' ? one.number : null,
      cells: this.#cells(one.text.path, nodes),
      sum: one.text.sum,
      score: one.score,
      node: one.text.path.at(-1)!,
      candidates:
        one.kind === 'live'
          ? candidatesOf(preview, one)
              .slice(0, CANDIDATES)
              .map((candidate) => this.#candidate(candidate))
          : [],
    }));
  }

  #fallen({ state }: Line, nodes: ReadonlyMap<number, SearchNode>) {
    const pathTo = (id: number): number[] => {
      const node = nodes.get(id);
      return node ? [...pathTo(node.parent), id] : [];
    };
    const texts = new Map<number, TokenCell[]>();
    // By what they would have come to without the rules: what was likely and banned comes first.
    const fair = ({ parent, value }: Candidate): number => (nodes.get(parent)?.sum ?? 0) + value;
    const fallen = (state.considered.at(-1) ?? [])
      .filter(({ fate }) => fate !== 'live' && fate !== 'finished')
      .sort((a, b) => fair(b) - fair(a));
    return fallen.map((candidate) => {
      const after = texts.get(candidate.parent) ?? this.#cells(pathTo(candidate.parent), nodes);
      texts.set(candidate.parent, after);
      return { ...this.#candidate(candidate), after };
    });
  }

  #line(line: Line): LineView {
    const best = bestOf(line, this.tokenizer);
    const { state } = line;
    return { text: visible(best?.caption ?? ''), score: best?.score ?? 0, step: state.step, isDone: isDone(state) };
  }

  #treeOf({ walk }: Session): readonly TreeNodeView[] {
    const states = walk.lines.map(({ state }) => state);
    const isSame = states.length === this.#tree.states.length && states.every((own, i) => own === this.#tree.states[i]);
    if (!isSame) this.#tree = { states, nodes: this.#nodesOf(walk) };
    return this.#tree.nodes;
  }

  #nodesOf(walk: Walk): readonly TreeNodeView[] {
    return sessionTree(walk)
      .filter(({ step }) => step > 0)
      .map((node) => ({ ...node, cell: this.#cell(node) }));
  }
}

const promptOf = ({ state }: Line): readonly number[] =>
  state.nodes.slice(0, state.promptLength).map(({ token }) => token);

const widthOf = ({ state: { options, groups } }: Line): number =>
  options.strategy === 'beam' ? options.beams : groups.length;

/** "beam search, 6 beams". */
function searchText({ state: { options } }: Line): string {
  const { strategy, scoring, beams, groups, num, diversity, temperature } = options;
  const diverse = diversity > 0 ? 'diverse ' : '';
  const text = {
    greedy: 'greedy search',
    sample: `${num} sample${num > 1 ? 's' : ''} at temperature ${temperature}`,
    beam: groups > 1 ? `${diverse}beam search, ${beams} beams in ${groups} groups` : `beam search, ${beams} beams`,
  };
  return scoring === 'openclip' ? `${text[strategy]}, as OpenCLIP scores` : text[strategy];
}

function optionsOf({ state: { options } }: Line): readonly OptionView[] {
  return changeableOptions(options).map((name) => {
    const { by } = DECODING_KNOBS[name];
    return { name: kebab(name), value: String(options[name]), by: typeof by === 'number' ? by : by.map(String) };
  });
}
