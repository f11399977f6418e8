/**
 * How many clients speak as one agent where requests come without sessions. Clients of another name or version are others.
 * Among equals, one counts its requests up and gives no number twice: they are as many as the number that came most often,
 * so that two which never use the same number are taken for one. Their addresses tell nothing: one machine has several, and
 * several share one.
 */
const MAX_CLIENTS = 16;
/** Per name and version. */
const MAX_REMEMBERED = 64;

interface Came {
  readonly id: number | undefined;
  readonly at: number;
}

/** Each agent has one: a list of a few clients takes less than a map. */
export class RequestIds {
  /** The one that came last is the last. */
  readonly #recent: { readonly client: string; readonly came: Came[] }[] = [];

  /** A request came; ids that are no numbers tell nothing. `client`: its name and version. */
  came(id: unknown, client: string, at: number): void {
    const recent = this.#recent;
    const place = recent.findIndex((one) => one.client === client);
    const [own = { client, came: [] }] = place < 0 ? [] : recent.splice(place, 1);
    own.came.push({ id: typeof id === 'number' ? id : undefined, at });
    if (own.came.length > MAX_REMEMBERED) own.came.shift();
    if (recent.push(own) > MAX_CLIENTS) recent.shift();
  }

  /** Of the requests since a time; 0: none came. */
  clients(since: number): number {
    return this.#recent.reduce((sum, { came }) => sum + equals(came.filter(({ at }) => at >= since)), 0);
  }

  /** The names and versions among them. */
  kinds(since: number): number {
    return this.#recent.filter(({ came }) => (came.at(-1)?.at ?? -Infinity) >= since).length;
  }
}

function equals(all: readonly Came[]): number {
  const times = new Map<number, number>();
  for (const { id } of all) if (id !== undefined) times.set(id, (times.get(id) ?? 0) + 1);
  // One that always says the same does not count at all.
  return times.size > 1 ? Math.max(...times.values()) : Math.min(all.length, 1);
}
