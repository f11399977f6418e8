/**
 * How many clients speak as one agent where requests come without sessions. A client counts its requests up and gives no
 * number twice: as many clients as the number that came most often.
 */
const MAX_REMEMBERED = 64;

export interface RequestIds {
  /** A request came; ids that are no numbers tell nothing. */
  came(id: unknown, at: number): void;
  /** Of the requests since a time; 0: none came. */
  clients(since: number): number;
}

export function createRequestIds(): RequestIds {
  const recent: { readonly id: number | undefined; readonly at: number }[] = [];
  return {
    came(id, at) {
      recent.push({ id: typeof id === 'number' ? id : undefined, at });
      if (recent.length > MAX_REMEMBERED) recent.shift();
    },
    clients(since) {
      const times = new Map<number, number>();
      const counted = recent.filter(({ at }) => at >= since);
      for (const { id } of counted) if (id !== undefined) times.set(id, (times.get(id) ?? 0) + 1);
      // One that always says the same does not count at all.
      return times.size > 1 ? Math.max(...times.values()) : Math.min(counted.length, 1);
    },
  };
}
