import { ROOT, type TokenRow } from './types.js';

/** Where the log-probability of one token of a caption is found. */
export interface Target {
  /** Index among the rows: its logits predict the token. */
  readonly row: number;
  readonly token: number;
  /** Which of the captions the token belongs to. */
  readonly caption: number;
  /** Where in the caption it stands, from 1: the start token is no target. */
  readonly place: number;
}

/** Many captions as one tree of tokens, for teacher forcing: what they begin with alike is evaluated once. */
export interface CaptionTrie {
  /** What to evaluate, each row after its parent. Last tokens predict nothing and have none. */
  readonly rows: readonly TokenRow[];
  /** Every token after the start token, the end token included, caption by caption in order. */
  readonly targets: readonly Target[];
}

/**
 * @param captions whole captions: the start token, ids, the end token.
 */
export function captionTrie(captions: readonly (readonly number[])[]): CaptionTrie {
  const rows: TokenRow[] = [];
  const targets: Target[] = [];
  const children: Map<number, number>[] = [];
  const roots = new Map<number, number>();
  const enter = (parent: number, token: number): number => {
    const siblings = parent === ROOT ? roots : children[parent]!;
    const known = siblings.get(token);
    if (known !== undefined) return known;
    const node = rows.length;
    rows.push({ node, parent, token });
    children.push(new Map());
    siblings.set(token, node);
    return node;
  };
  for (const [caption, ids] of captions.entries()) {
    let row = ROOT;
    for (const [place, token] of ids.entries()) {
      if (place > 0) targets.push({ row, token, caption, place });
      if (place < ids.length - 1) row = enter(row, token);
    }
  }
  return { rows, targets };
}
