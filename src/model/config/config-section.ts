import { CocaError } from '../base/errors.js';
import { isObject, type Json } from '../base/json.js';

/** Nothing that fits a machine has more of anything than this; larger numbers are mistakes or attacks. */
const MAX_DIMENSION = 1 << 20;
export const MAX_LAYERS = 1024;

/** Longer values are shown by their beginning. */
const LONGEST_SHOWN = 80;

/** A value for an error's one line, whatever it is: hostile ones are nested too deeply for JSON.stringify. */
function show(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    return 'something nested too deeply';
  }
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}...`;
}

/** Reads the fields of one section, remembers which it has seen, and reports the rest. */
export class Section {
  readonly #seen = new Set<string>();

  constructor(
    private readonly json: Json,
    private readonly path: string,
    private readonly where: string,
    /** Receives the names of fields that are there and change nothing. */
    private readonly ignored: string[],
  ) {}

  #nameOf(key: string): string {
    return this.path ? `${this.path}.${key}` : key;
  }

  fail(key: string, problem: string): never {
    throw new CocaError(
      'bad-config',
      `${this.where}: ${this.#nameOf(key)} ${problem}`,
      'Check the config against the checkpoint.',
    );
  }

  #take(key: string): unknown {
    this.#seen.add(key);
    return Object.hasOwn(this.json, key) ? (this.json[key] ?? undefined) : undefined;
  }

  integer(key: string, fallback: number, { min = 1, max = MAX_DIMENSION } = {}): number {
    const value = this.#take(key) ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      this.fail(key, `must be a whole number from ${min} to ${max}, not ${show(value)}`);
    }
    return value;
  }

  number(key: string, fallback: number, { min = 0, max = MAX_DIMENSION } = {}): number {
    const value = this.#take(key) ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max) {
      this.fail(key, `must be a number from ${min} to ${max}, not ${show(value)}`);
    }
    return value;
  }

  /** How many times as wide as its block, of `width`, the hidden layer of an MLP is. */
  mlpRatio(width: number): number {
    const ratio = this.number('mlp_ratio', 4);
    const hidden = Math.floor(width * ratio);
    if (hidden < 1 || hidden > MAX_DIMENSION) this.fail('mlp_ratio', `of ${ratio} makes a hidden layer ${hidden} wide`);
    return ratio;
  }

  optionalNumber(key: string): number | null {
    const value = this.#take(key);
    if (value === undefined) return null;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      this.fail(key, `must be a number or null, not ${show(value)}`);
    }
    return value;
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.#take(key) ?? fallback;
    if (typeof value !== 'boolean') this.fail(key, `must be true or false, not ${show(value)}`);
    return value;
  }

  string(key: string): string | null {
    const value = this.#take(key) ?? null;
    if (value !== null && typeof value !== 'string') this.fail(key, `must be a text, not ${show(value)}`);
    return value;
  }

  choice<T extends string | boolean>(key: string, choices: readonly T[], fallback: T): T {
    const value = this.#take(key) ?? fallback;
    if (!choices.includes(value as T)) {
      const known = choices.map((choice) => show(choice)).join(', ');
      this.fail(key, `is ${show(value)}; this network knows ${known}`);
    }
    return value as T;
  }

  /** So many numbers, or one that stands for all. */
  numbers(key: string, count: number, fallback: readonly number[]): readonly number[] {
    const given = this.#take(key) ?? fallback;
    const value = typeof given === 'number' ? Array<number>(count).fill(given) : given;
    if (!Array.isArray(value) || value.length !== count || !value.every((v) => Number.isFinite(v))) {
      this.fail(key, `must be a number or a list of ${count}, not ${show(value)}`);
    }
    return value as number[];
  }

  /** A side length that may be written as one number or as an equal pair. */
  square(key: string, fallback: number): number {
    const value = this.#take(key) ?? fallback;
    const [height, width = height] = Array.isArray(value) ? value : [value];
    if (height !== width) this.fail(key, `is ${show(value)}; this network only knows squares`);
    if (typeof height !== 'number' || !Number.isInteger(height) || height < 1 || height > MAX_DIMENSION) {
      this.fail(key, `must be a whole number from 1 to ${MAX_DIMENSION}, not ${show(value)}`);
    }
    return height;
  }

  section(key: string, required: boolean): Section {
    const value = this.#take(key);
    if (value === undefined && !required) return new Section({}, this.#nameOf(key), this.where, this.ignored);
    if (!isObject(value)) {
      this.fail(key, value === undefined ? 'is missing' : 'must be an object');
    }
    return new Section(value, key === 'model_cfg' ? '' : this.#nameOf(key), this.where, this.ignored);
  }

  isList(key: string): boolean {
    return this.has(key) && Array.isArray(this.json[key]);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.json, key) && this.json[key] !== null;
  }

  /** Fields that change training or packaging, not what a trained network computes. */
  withoutEffect(...keys: string[]): this {
    for (const key of keys) {
      if (!this.#seen.has(key) && this.has(key)) this.ignored.push(this.#nameOf(key));
      this.#seen.add(key);
    }
    return this;
  }

  /** All fields that were not read: OpenCLIP does not read them. */
  ignoreRest(): void {
    this.withoutEffect(...Object.keys(this.json));
  }

  /** Fields whose only supported value is this one (or null). */
  fixed(values: Record<string, unknown>): this {
    for (const [key, only] of Object.entries(values)) {
      const value = this.#take(key);
      if (value !== undefined && value !== only) {
        this.fail(key, `is ${show(value)}, which this network does not support (only ${show(only)})`);
      }
    }
    return this;
  }

  /** Reports the fields that were not read. */
  done(): void {
    const unknown = Object.keys(this.json).filter((key) => !this.#seen.has(key));
    if (unknown.length > 0) this.fail(unknown[0]!, 'is a field that this network does not know');
  }
}
