/** Reads the messages of the log for one agent, from a position on. */
import type { EventRow, MessageHead, Reads, Sight } from '../../store/port.ts';

export interface LogReaderOptions {
  readonly sight: Sight;
  /** Position, exclusive. */
  readonly from: number;
  readonly sessionPk?: number;
  /** How many messages are found at most. */
  readonly limit: number;
  /** Whose messages are its own. */
  readonly agentId: string;
}

interface Found {
  readonly id: number;
  readonly position: number;
}

const PER_READ = 100;

export class LogReader {
  readonly #db: Pick<Reads, 'events' | 'messages'>;
  readonly #options: LogReaderOptions;
  readonly #found: Found[] = [];
  #readTo: number;
  #full = false;
  #othersSpoke = false;

  constructor(db: Pick<Reads, 'events' | 'messages'>, options: LogReaderOptions) {
    this.#db = db;
    this.#options = options;
    this.#readTo = options.from;
  }

  /** New messages, in the order of the log: as many as the limit allows. */
  get found(): readonly Found[] {
    return this.#found;
  }

  /** Whether somebody else has a message in what was read, found or beyond the limit. */
  get othersSpoke(): boolean {
    return this.#othersSpoke;
  }

  /** Where a reader goes on who has seen all that was found. */
  get upTo(): number {
    return this.#full ? (this.#found.at(-1)?.position ?? this.#options.from) : this.#readTo;
  }

  /** Reads on, as far as the log goes or until others' messages fill the limit. Its own messages are passed in the search for them. */
  async read(): Promise<void> {
    const { sight, sessionPk } = this.#options;
    for (let more = true; more && !(this.#full && this.#othersSpoke);) {
      const page = await this.#db.events.page({
        ...{ sight, after: this.#readTo, limit: PER_READ },
        ...(sessionPk === undefined ? {} : { sessionPk }),
      });
      await this.#take(page.events.filter((event) => isNews(event, sight)));
      this.#readTo = page.upTo;
      ({ more } = page);
    }
  }

  #has(id: number): boolean {
    return this.#found.some((one) => one.id === id);
  }

  async #take(events: readonly EventRow[]): Promise<void> {
    const ids = events.flatMap(({ messageId }) => messageId ?? []);
    if (ids.length === 0) return;
    const heads = new Map<number, MessageHead>();
    for (const head of await this.#db.messages.heads(ids, this.#options.sight)) heads.set(head.id, head);
    for (const { messageId, seq } of events) {
      const head = messageId === null ? undefined : heads.get(messageId);
      if (head === undefined || this.#has(head.id)) continue;
      if (!isFrom(head, this.#options.agentId)) this.#othersSpoke = true;
      if (this.#found.length < this.#options.limit) {
        this.#found.push({ id: head.id, position: seq });
      } else {
        this.#full = true;
        if (this.#othersSpoke) return;
      }
    }
  }
}

function isFrom({ sender, imported }: MessageHead, agentId: string): boolean {
  return !imported && sender.toLowerCase() === agentId.toLowerCase();
}

/** A message as it was posted, or one that became visible to those who did not see it. */
function isNews({ kind, data }: EventRow, { audiences }: Sight): boolean {
  if (kind === 'message.added') return true;
  if (kind !== 'message.updated') return false;
  const { before } = JSON.parse(data ?? '{"before":[]}') as { before: readonly string[] };
  return !before.some((audience) => audiences.includes(audience));
}
