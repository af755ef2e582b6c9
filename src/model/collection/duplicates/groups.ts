/** Which pictures belong together, by their places. */
export class Groups {
  readonly #parents: Int32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, i) => i);
  }

  /** The root of a group is its first. */
  join(a: number, b: number): void {
    const [first, second] = [this.#rootOf(a), this.#rootOf(b)];
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }

  /** Groups of two or more, each sorted by what `facts` says of its members. */
  found<Fact>(facts: readonly Fact[], compare: (a: Fact, b: Fact) => number): number[][] {
    const groups = new Map<number, number[]>();
    for (let i = 0; i < this.#parents.length; i++) {
      const root = this.#rootOf(i);
      if (root === i) continue;
      const group = groups.get(root);
      if (group) group.push(i);
      else groups.set(root, [root, i]);
    }
    return [...groups.values()].map((group) => group.sort((a, b) => compare(facts[a]!, facts[b]!)));
  }

  #rootOf(i: number): number {
    const parents = this.#parents;
    let root = i;
    while (parents[root] !== root) {
      parents[root] = parents[parents[root]!]!;
      root = parents[root]!;
    }
    return root;
  }
}
