import type { Format, ResultWriter } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import type { Coca } from '../../model/api.js';
import { isDone, results } from '../../model/decoding/index.js';
import type { Picture } from '../../model/image/picture.js';
import { actionsOf, type Line, type Session, sessionTree, tokensTo } from '../../model/stepper/index.js';
import { visible } from '../../ui/text.js';
import { variantOf } from '../io/model.js';
import type { PageDefinition } from '../io/page/page.js';
import { jsonWriter } from '../io/results.js';

/** A walk over a picture, to be told. */
export interface StepResult {
  readonly image: string;
  /** The square that the model sees, to be drawn. */
  readonly square: () => Promise<Picture>;
  readonly session: Session;
  readonly coca: Pick<Coca, 'name' | 'device' | 'precision' | 'ablated' | 'tokenizer'>;
}

/** The best caption of a line, or the best so far; null where all were pruned. */
export function bestOf({ state }: Line, tokenizer: Coca['tokenizer']) {
  const [best] = results(state);
  return best === undefined ? null : { caption: tokenizer.decode(best.ids), score: best.score, ids: best.ids };
}

/** The JSON object of a walk: fields as docs and scripts know them. */
export function stepObject({ image, session, coca }: StepResult): object {
  const { tokenizer } = coca;
  const { walk } = session;
  const token = (id: number) => ({ id, text: tokenizer.tokenText(id) });
  const best = bestOf(walk.lines[walk.line]!, tokenizer);
  return {
    image,
    nodes: sessionTree(walk).map(
      ({ token: id, id: node, parent, step, beam, logprob, sum, score, state, changes, ...more }) => ({
        ...{ id: node, parent, step, beam, token: token(id), logprob, sum, score, state },
        ...more,
        ...(changes && { change: changes }),
      }),
    ),
    best: best?.caption ?? null,
    score: best?.score ?? null,
    ids: best?.ids ?? null,
    line: walk.line,
    lines: walk.lines.map((line, index) => {
      const { options, step } = line.state;
      const { logprobs: _tokens, trace: _candidates, ...kept } = options;
      const found = bestOf(line, tokenizer);
      const facts = { step, done: isDone(line.state), best: found?.caption ?? null, score: found?.score ?? null };
      const from = line.origin ? { line: line.origin.line, node: line.origin.node } : null;
      const moved = line.origin?.moved?.map(({ token: id, ...figures }) => ({ token: token(id), ...figures }));
      const changed = line.changes.length > 0 && { changes: line.changes, ...(moved && { moved }) };
      return { line: index, from, ...facts, options: kept, ...changed };
    }),
    candidates: walk.lines.flatMap(({ state }, line) =>
      state.considered.flatMap((weighed, step) =>
        weighed.map(({ token: id, ...candidate }) => ({ line, step: step + 1, token: token(id), ...candidate })),
      ),
    ),
    actions: actionsOf(session),
    model: coca.name,
    device: coca.device,
    ...variantOf(coca),
  };
}

/**
 * One line a node: ID, PARENT, STEP, BEAM, STATE, LOGPROB, SUM, SCORE and the text up to it, with tabs between; of a node under
 * changes also their names.
 */
export function stepLines({ session, coca }: StepResult): string[] {
  const nodes = sessionTree(session.walk);
  return nodes.map((node) => {
    const { id, parent, step, beam, state, why, logprob, sum, score, changes } = node;
    const under = changes ? [visible(changes.join(' '))] : [];
    const figures = [logprob, sum, score].map((figure) => figure.toFixed(4));
    const text = visible(coca.tokenizer.decode(tokensTo(nodes, id).map(({ token }) => token)));
    return [id, parent, step, beam, why === undefined ? state : `${state}:${why}`, ...figures, text, ...under].join(
      '\t',
    );
  });
}

/** Prints walks in a form for programs; on a terminal they are a view. */
export function stepWriter(format: Format, { out }: CommandContext): ResultWriter<StepResult> {
  if (format === 'json' || format === 'jsonl') return jsonWriter(out, format, stepObject);
  return { objects: undefined, result: (result) => out.write(`${stepLines(result).join('\n')}\n`) };
}

/** A walk as a page. */
export const stepPage: PageDefinition<StepResult> = {
  view: 'step',
  objectOf: stepObject,
  picturesOf: ({ image, square }) => [{ name: image, square }],
};
