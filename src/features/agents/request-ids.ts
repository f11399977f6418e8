/**
 * How many clients speak as one agent where requests come without sessions. Clients of another name or version are others.
 * Among equals, one counts its requests up and gives no number twice: they are as many as the number that came most often,
 * so that two which never use the same number are taken for one. Their addresses tell nothing: one machine has several, and
 * several share one.
 */
const MAX_CLIENTS = 16;
/** Per name and version. */
const MAX_REMEMBERED = 64;

export interface RequestIds {
  /** A request came; ids that are no numbers tell nothing. `client`: its name and version. */
  came(id: unknown, client: string, at: number): void;
  /** Of the requests since a time; 0: none came. */
  clients(since: number): number;
  /** The names and versions among them. */
  kinds(since: number): number;
}

interface Came {
  readonly id: number | undefined;
  readonly at: number;
}

export function createRequestIds(): RequestIds {
  /** The one that came last is the last. */
  const recent = new Map<string, Came[]>();
  return {
    came(id, client, at) {
      const own = recent.get(client) ?? [];
      own.push({ id: typeof id === 'number' ? id : undefined, at });
      if (own.length > MAX_REMEMBERED) own.shift();
      recent.delete(client);
      recent.set(client, own);
      const [first] = recent.keys();
      if (recent.size > MAX_CLIENTS && first !== undefined) recent.delete(first);
    },
    clients: (since) =>
      [...recent.values()].reduce((sum, own) => sum + equals(own.filter(({ at }) => at >= since)), 0),
    kinds: (since) => [...recent.values()].filter((own) => (own.at(-1)?.at ?? -Infinity) >= since).length,
  };
}

function equals(all: readonly Came[]): number {
  const times = new Map<number, number>();
  for (const { id } of all) if (id !== undefined) times.set(id, (times.get(id) ?? 0) + 1);
  // One that always says the same does not count at all.
  return times.size > 1 ? Math.max(...times.values()) : Math.min(all.length, 1);
}
