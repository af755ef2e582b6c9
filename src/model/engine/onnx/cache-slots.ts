import type { Dimension, FloatType, GraphBuilder } from './graph.js';
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
    /** The caches' own type. */
    private readonly kept: FloatType,
  ) {
    super(dimensions, { shaped: graph.cast(name, kept) });
  }

  /**
   * @param rows [B, H, N, D]
   * @returns what is attended: the caches with the rows in their slots, or with the rows behind them
   */
  with(rows: string): string {
    const { graph, name, result, slots, kept } = this;
    const own = graph.cast(rows, graph.float, kept);
    if (slots) {
      return graph.cast(graph.outputNode(result, 'ScatterND', [name, slots, own], kept, this.dimensions), kept);
    }
    const [batch, heads, , depth] = this.dimensions;
    graph.output(result, own, kept, [batch!, heads!, 'rows', depth!]);
    const joined = graph.node('Concat', [graph.cast(name, kept), rows], { axis: 2 });
    return graph.shape(joined, [batch!, heads!, 'keys', depth!]);
  }
}
