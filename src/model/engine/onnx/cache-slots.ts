import type { Dimension, GraphBuilder } from './graph.js';
import { Value } from './value.js';

/** How the keys and values of a run get into the cache: see `decoderProgram`. */
export type CacheUse = 'whole' | 'rows';

/** Keys or values of one self-attention layer, [B, H, C, D]: those of a run's rows are written into their slots first. */
export class CacheSlots extends Value {
  /**
   * @param name of the input
   * @param places [B, H, N, 3]: where in the cache the rows of each head belong
   * @param result what the output is called
   */
  constructor(
    private readonly graph: GraphBuilder,
    dimensions: readonly Dimension[],
    private readonly name: string,
    private readonly places: string,
    private readonly result: { readonly name: string; readonly use: CacheUse },
  ) {
    super(dimensions, { shaped: name });
  }

  /** @param rows [B, H, N, D] @returns the cache with them */
  write(rows: string): string {
    const { name, use } = this.result;
    const inputs = [this.name, this.places, rows];
    if (use === 'whole') return this.graph.outputNode(name, 'ScatterND', inputs, 'F32', this.dimensions);
    const [batch, heads, , depth] = this.dimensions;
    this.graph.output(name, rows, 'F32', [batch!, heads!, 'rows', depth!]);
    return this.graph.node('ScatterND', inputs);
  }
}
