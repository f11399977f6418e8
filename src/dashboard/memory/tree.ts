/** Keys as a tree: those that share a beginning stand under it. */

export interface Folder<Entry> {
  /** What its keys begin with, with the separator. */
  readonly prefix: string;
  readonly entries: readonly Entry[];
}

const SEPARATOR = /[/.:]/;

/** Entries below `prefix` in their order; two and more that go on alike up to a separator are one folder. */
export function foldersOf<Entry extends { readonly key: string }>(
  entries: readonly Entry[],
  prefix: string,
): readonly (Entry | Folder<Entry>)[] {
  const byPrefix = new Map<string, Entry[]>();
  for (const entry of entries) {
    const end = entry.key.slice(prefix.length).search(SEPARATOR);
    const own = end === -1 ? entry.key : entry.key.slice(0, prefix.length + end + 1);
    const below = byPrefix.get(own);
    if (below === undefined) byPrefix.set(own, [entry]);
    else below.push(entry);
  }
  return [...byPrefix].flatMap<Entry | Folder<Entry>>(([own, below]) => {
    const isFolder = below.some(({ key }) => key !== own) && below.length > 1;
    return isFolder ? [{ prefix: own, entries: below }] : below;
  });
}

/** The folders that a prefix is in, from the outermost on; the last is itself. */
export function pathOf(prefix: string): readonly string[] {
  const ends = [...prefix.matchAll(new RegExp(SEPARATOR, 'g'))].map(({ index }) =>
    prefix.slice(0, index + 1),
  );
  return prefix === '' || ends.at(-1) === prefix ? ends : [...ends, prefix];
}
