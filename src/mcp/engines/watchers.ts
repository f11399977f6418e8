/** Who watches which resource. Several addresses may mean the same one; each watcher is told the one it gave. */
export class Watchers<W> {
  /** By resource, then by address. */
  readonly #watchers = new Map<string, Map<string, Set<W>>>();
  readonly #keyOf: (uri: string) => string;

  /** `keyOf` gives the same text for all addresses of a resource. */
  constructor(keyOf: (uri: string) => string) {
    this.#keyOf = keyOf;
  }

  /** The keys of what is watched. */
  get keys(): Iterable<string> {
    return this.#watchers.keys();
  }

  get size(): number {
    return this.#watchers.size;
  }

  add(uri: string, watcher: W): void {
    const key = this.#keyOf(uri);
    const addresses = this.#watchers.get(key) ?? new Map<string, Set<W>>();
    const there = addresses.get(uri) ?? new Set<W>();
    this.#watchers.set(key, addresses.set(uri, there.add(watcher)));
  }

  delete(uri: string, watcher: W): void {
    const key = this.#keyOf(uri);
    const addresses = this.#watchers.get(key);
    const there = addresses?.get(uri);
    there?.delete(watcher);
    if (there?.size === 0) addresses?.delete(uri);
    if (addresses?.size === 0) this.#watchers.delete(key);
  }

  /** Calls `tell` with each watcher of the resource and the address it gave. */
  each(key: string, tell: (watcher: W, uri: string) => void): void {
    for (const [uri, there] of this.#watchers.get(key) ?? []) for (const watcher of there) tell(watcher, uri);
  }
}
