import type { Activation } from '../config/config.js';
import type { GradientOps } from './gradient-ops.js';
import type { AttentionInput, AttentionOutput, AttentionSite, BlockOps, Places, ProjectionParts } from './ops.js';

/** A value on the way through the network, and once the way back has come to it, the gradient by it. */
export class Recorded<T> {
  gradient: T | undefined;

  constructor(readonly value: T) {}
}

/**
 * Runs residual blocks and remembers how to go back: every row's outcome is differentiated by what that row alone went
 * through (see `AttentionGradients`), for all rows in one pass.
 */
export class WayBack<T> implements BlockOps<Recorded<T>> {
  readonly #steps: { readonly site?: AttentionSite; readonly back: () => void }[] = [];

  /** @param onAttention receives the gradient by each attention's probabilities, [B, H, N, M], the last attention's first */
  constructor(
    private readonly ops: GradientOps<T>,
    private readonly onAttention: (site: AttentionSite, gradient: T) => void,
  ) {}

  /** The way there goes by the places of the operations it is written in; the way back by what it was changed to. */
  get places(): Places<Recorded<T>> | undefined {
    const { places } = this.ops;
    if (places === undefined) return undefined;
    return {
      changeAt: (place) => {
        const change = places.changeAt(place);
        return change && { scale: this.constant(change.scale), offset: this.constant(change.offset) };
      },
      observe: (place, { value }) => places.observe(place, value),
    };
  }

  /**
   * Goes back from all values that a gradient was given to.
   * @param until the attention to stop at: nothing before it is gone through
   */
  goBack(until: (site: AttentionSite) => boolean): void {
    for (const { site, back } of this.#steps.reverse()) {
      back();
      if (site && until(site)) return;
    }
  }

  constant(value: T): Recorded<T> {
    return new Recorded(value);
  }

  parameter(name: string, rows?: readonly [start: number, end: number]): Recorded<T> {
    return this.constant(this.ops.parameter(name, rows));
  }

  linear(x: Recorded<T>, weight: Recorded<T>, bias: Recorded<T>): Recorded<T> {
    const out = new Recorded(this.ops.linear(x.value, weight.value, bias.value));
    return this.#remember(out, (g) => this.#give(x, this.ops.linearGradient(g, weight.value)));
  }

  inProjection(x: Recorded<T>, prefix: string, which: ProjectionParts, heads: number): readonly Recorded<T>[] {
    const parts = this.ops.inProjection(x.value, prefix, which, heads).map((part) => new Recorded(part));
    this.#steps.push({
      back: () => {
        // They come together, from one attention, or not at all.
        const gradients = parts.map(({ gradient }) => gradient).filter((gradient) => gradient !== undefined);
        if (gradients.length < parts.length) return;
        this.#give(x, this.ops.inProjectionGradient(gradients, prefix, which));
      },
    });
    return parts;
  }

  layerNorm(x: Recorded<T>, weight: Recorded<T>, bias: Recorded<T>, epsilon: number): Recorded<T> {
    const out = new Recorded(this.ops.layerNorm(x.value, weight.value, bias.value, epsilon));
    return this.#remember(out, (g) => this.#give(x, this.ops.layerNormGradient(g, x.value, weight.value, epsilon)));
  }

  activate(x: Recorded<T>, activation: Activation): Recorded<T> {
    const out = new Recorded(this.ops.activate(x.value, activation));
    return this.#remember(out, (g) => this.#give(x, this.ops.activationGradient(g, x.value, activation)));
  }

  /** a and b of one shape, or b a constant. */
  add(a: Recorded<T>, b: Recorded<T>): Recorded<T> {
    const out = new Recorded(this.ops.add(a.value, b.value));
    return this.#remember(out, (g) => {
      this.#give(a, g);
      this.#give(b, g);
    });
  }

  /** b is a constant. */
  multiply(a: Recorded<T>, b: Recorded<T>): Recorded<T> {
    const out = new Recorded(this.ops.multiply(a.value, b.value));
    return this.#remember(out, (g) => this.#give(a, this.ops.multiply(g, b.value)));
  }

  attention(input: AttentionInput<Recorded<T>>): AttentionOutput<Recorded<T>> {
    const { query, own, cache, mask, site } = input;
    if (own && cache) throw new Error('the way back goes through rows of the call, or through a cache, not both');
    const pair = (recorded: { readonly keys: Recorded<T>; readonly values: Recorded<T> }) => ({
      keys: recorded.keys.value,
      values: recorded.values.value,
    });
    const plain: AttentionInput<T> = {
      heads: input.heads,
      query: query.value,
      ...(own && { own: pair(own) }),
      ...(cache && { cache: pair(cache) }),
      ...(mask && { mask: mask.value }),
      site,
      wantProbabilities: true,
    };
    const { output, probabilities } = this.ops.attention(plain);
    const out = new Recorded(output);
    const back = (g: T): void => {
      const gradients = this.ops.attentionGradient(g, plain, probabilities!);
      this.onAttention(site, gradients.probabilities);
      this.#give(query, gradients.query);
      if (own === undefined) return;
      this.#give(own.keys, gradients.own!.keys);
      this.#give(own.values, gradients.own!.values);
    };
    this.#remember(out, back, site);
    return { output: out };
  }

  /** What is made within is asked for again on the way back. */
  scope<R>(piece: () => R): R {
    return piece();
  }

  #remember(out: Recorded<T>, back: (gradient: T) => void, site?: AttentionSite): Recorded<T> {
    this.#steps.push({
      ...(site && { site }),
      back: () => {
        if (out.gradient !== undefined) back(out.gradient);
      },
    });
    return out;
  }

  #give(to: Recorded<T>, gradient: T): void {
    to.gradient = to.gradient === undefined ? gradient : this.ops.add(to.gradient, gradient);
  }
}
