import { PickleRefusal, type PickleValue } from './values.js';

/** The stack of a pickle machine. No instruction reaches below the last open MARK. Each taker throws PickleRefusal. */
export class PickleStack {
  readonly #values: PickleValue[] = [];
  /** Heights of the stack at each open MARK. */
  readonly #marks: number[] = [];

  get isEmpty(): boolean {
    return this.#values.length === 0 && this.#marks.length === 0;
  }

  push(value: PickleValue): void {
    this.#values.push(value);
  }

  mark(): void {
    this.#marks.push(this.#values.length);
  }

  top(): PickleValue {
    this.#need(1);
    return this.#values.at(-1)!;
  }

  pop(): PickleValue {
    this.#need(1);
    return this.#values.pop()!;
  }

  /** Takes the top value, or the MARK where that is on top. */
  discard(): void {
    if (this.#marks.length > 0 && this.#marks.at(-1) === this.#values.length) this.#marks.pop();
    else this.pop();
  }

  /** Takes the two upper values, the lower first. */
  popPair(): [PickleValue, PickleValue] {
    return this.popMany(2) as [PickleValue, PickleValue];
  }

  /** Takes the upper `count` values, the lowest first. */
  popMany(count: number): PickleValue[] {
    this.#need(count);
    return this.#values.splice(this.#values.length - count);
  }

  /** Takes the last MARK and all above it. */
  popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw new PickleRefusal('a MARK is missing');
    return this.#values.splice(mark);
  }

  #need(count: number): void {
    if (this.#values.length - (this.#marks.at(-1) ?? 0) < count) {
      throw new PickleRefusal('too few values on the stack');
    }
  }
}
