/** Values in groups. Most groups have one member, which is kept bare: a Set takes some 400 bytes, and one waits for each agent. */
export class Groups<K, V extends object> {
  readonly #groups = new Map<K, V | Set<V>>();

  add(key: K, value: V): void {
    const there = this.#groups.get(key);
    if (there === undefined) this.#groups.set(key, value);
    else if (there instanceof Set) there.add(value);
    else if (there !== value) this.#groups.set(key, new Set([there, value]));
  }

  delete(key: K, value: V): void {
    const there = this.#groups.get(key);
    if (there === value) this.#groups.delete(key);
    else if (there instanceof Set && there.delete(value) && there.size === 0) this.#groups.delete(key);
  }

  /** The members of a group, in the order in which they came. */
  of(key: K): Iterable<V> {
    const there = this.#groups.get(key);
    if (there === undefined) return [];
    return there instanceof Set ? there : [there];
  }

  /** How many groups have a member. */
  get size(): number {
    return this.#groups.size;
  }
}
