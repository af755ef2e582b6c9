/** A map in order of use: entries that were neither read nor written for the longest time come first. */
export class Lru<K, V> extends Map<K, V> {
  override get(key: K): V | undefined {
    const value = super.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    return super.set(key, value);
  }

  /** Drops the longest unused entries until `most` are left, and returns their values. */
  trim(most: number): V[] {
    const dropped: V[] = [];
    for (const [key, value] of this) {
      if (this.size <= most) break;
      this.delete(key);
      dropped.push(value);
    }
    return dropped;
  }
}
