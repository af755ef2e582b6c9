import type { Dimension } from './graph.js';

/**
 * A value of the graph being built. Logically it has `dimensions`; physically it may exist in that shape (`shaped`),
 * as rows of its last axis (`rows`), or both: matrix products want rows, attention wants batches, and a reshape is
 * only added where the other form is needed.
 */
export class Value {
  constructor(
    readonly dimensions: readonly Dimension[],
    private readonly forms: { shaped?: string; rows?: string },
  ) {}

  get width(): number {
    const width = this.dimensions.at(-1);
    if (typeof width !== 'number') throw new Error(`the last dimension of [${this.dimensions}] is not known`);
    return width;
  }

  get isRows(): boolean {
    return this.forms.rows !== undefined;
  }

  form(form: 'shaped' | 'rows', make: () => string): string {
    this.forms[form] ??= make();
    return this.forms[form];
  }

  /** The name of any form it has, for operators that do not mind. */
  get anyForm(): string {
    return (this.forms.rows ?? this.forms.shaped)!;
  }

  /** The result of an operator that keeps the shape of this value, computed on the form at hand. */
  like(name: string): Value {
    return new Value(this.dimensions, this.isRows ? { rows: name } : { shaped: name });
  }
}
