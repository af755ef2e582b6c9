import type { Dimension, GraphBuilder } from './graph.js';
import { Value } from './value.js';

/**
 * How the keys and values of a run get into the caches. `written`: the run gives the caches with them, for caches that
 * stay on a device. `given`: the run gives them, [B, H, N, D], and its caller writes
 * them: onnxruntime-node copies all that it gives in this process's memory, and rows are less than caches.
 */
export type CacheUse = 'written' | 'given';

/** Keys or values of one self-attention layer, [B, H, C, D], to which those of a run's rows are added. */
export class CacheSlots extends Value {
  /**
   * @param name of the input
   * @param result what the output is called
   * @param slots [B, H, N, 3], for caches that are written: which picture, head and slot each row of each head belongs to
   */
  constructor(
    private readonly graph: GraphBuilder,
    dimensions: readonly Dimension[],
    private readonly name: string,
    private readonly result: string,
    private readonly slots: string | undefined,
  ) {
    super(dimensions, { shaped: name });
  }

  /**
   * @param rows [B, H, N, D]
   * @returns what is attended: the caches with the rows in their slots, or with the rows behind them
   */
  with(rows: string): string {
    const { graph, name, result, slots } = this;
    if (slots) return graph.outputNode(result, 'ScatterND', [name, slots, rows], 'F32', this.dimensions);
    const [batch, heads, , depth] = this.dimensions;
    graph.output(result, rows, 'F32', [batch!, heads!, 'rows', depth!]);
    return graph.shape(graph.node('Concat', [name, rows], { axis: 2 }), [batch!, heads!, 'keys', depth!]);
  }
}
