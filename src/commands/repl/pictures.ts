import { CocaError } from '../../model/base/errors.js';

/** The last part of a path or URL: what a person calls a picture. */
export function shortName(name: string): string {
  return name.split('/').findLast((part) => part !== '') ?? name;
}

/** The pictures that a session has open, and which of them it is about. */
export class Pictures {
  #names: string[] = [];
  /** What each model said. */
  readonly #said = new Map<string, Map<string, string>>();
  #captions = this.#saidBy('');
  #current: string | undefined;
  /** The picture that was drawn last. */
  shown: string | undefined;

  /** In the order in which they were opened: the first is number 1. */
  get names(): readonly string[] {
    return this.#names;
  }

  get current(): string | undefined {
    return this.#current;
  }

  captionOf(name: string | undefined): string | undefined {
    return name === undefined ? undefined : this.#captions.get(name);
  }

  /** Opens a picture, unless it is open already, and makes it the current one. */
  open(name: string): void {
    if (!this.#names.includes(name)) this.#names.push(name);
    this.#current = name;
  }

  /** Opens pictures in place of those that are open; the first, or the one that was chosen, becomes the current one. */
  replace(names: readonly string[], chosen = names[0]): void {
    for (const name of this.#names.filter((open) => !names.includes(open))) this.close(name);
    this.#names = [...names];
    this.#current = chosen;
  }

  /** Closes a picture; if it was the current one, its neighbour becomes that. */
  close(name: string): void {
    const at = this.#names.indexOf(name);
    if (at < 0) throw new CocaError('usage', `${name} is not open`, 'pictures lists those that are');
    this.#names.splice(at, 1);
    for (const captions of this.#said.values()) captions.delete(name);
    if (this.#current === name) this.#current = this.#names[Math.min(at, this.#names.length - 1)];
  }

  /** Remembers what was said of a picture, if it is open. */
  describe(name: string, caption: string): void {
    if (this.#names.includes(name)) this.#captions.set(name, caption);
  }

  /** Gives every picture another name. */
  rename(nameOf: (name: string) => string): void {
    const renamed = (name: string | undefined) => (name === undefined ? undefined : nameOf(name));
    this.#names = this.#names.map(nameOf);
    this.#current = renamed(this.#current);
    this.shown = renamed(this.shown);
    for (const captions of this.#said.values()) {
      const all = [...captions];
      captions.clear();
      for (const [name, caption] of all) captions.set(nameOf(name), caption);
    }
  }

  /**
   * Takes the captions that a model said: another one says others, and they come back with it.
   * @param isNew whether it is loaded anew, and may say others than before
   */
  hear(model: string, isNew = false): void {
    if (isNew) this.#said.delete(model);
    this.#captions = this.#saidBy(model);
  }

  #saidBy(model: string): Map<string, string> {
    const captions = this.#said.get(model) ?? new Map<string, string>();
    this.#said.set(model, captions);
    return captions;
  }
}
