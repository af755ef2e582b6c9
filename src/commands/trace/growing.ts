import type { BegunTrace, LayerOptions, Trace, TracedLayer } from '../../model/tracing/trace.js';

/** A trace whose layers come while a person looks at it. */
export class GrowingTrace {
  readonly #layers: (TracedLayer | undefined)[];
  #growth: Promise<void> | undefined;

  constructor(readonly begun: BegunTrace) {
    this.#layers = Array(begun.sites.length);
  }

  /** The layer at a place of `begun.sites`; undefined where it is not traced yet. */
  layer(index: number): TracedLayer | undefined {
    return this.#layers[index];
  }

  /**
   * Traces all layers. It can be asked for once.
   * @param onLayer receives the place of each, as soon as it is there
   * @throws CocaError `interrupted`
   */
  grow(options: LayerOptions, onLayer?: (index: number) => void): Promise<void> {
    const grow = async () => {
      for await (const [index, layer] of this.begun.layers(options)) {
        this.#layers[index] = layer;
        onLayer?.(index);
      }
    };
    this.#growth = grow();
    return this.#growth;
  }

  get wasAsked(): boolean {
    return this.#growth !== undefined;
  }

  /** Waits until nothing is computed any more, however that ended. */
  async settled(): Promise<void> {
    await this.#growth?.catch(() => undefined);
  }

  /** Undefined where layers are missing. */
  whole(): Trace | undefined {
    const layers = Array.from(this.#layers, (layer) => layer);
    return layers.every((layer) => layer !== undefined) ? { ...this.begun.readings, layers } : undefined;
  }
}
