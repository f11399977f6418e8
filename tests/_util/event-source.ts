/** A client of `GET /events` that reads the wire as the specification of server-sent events says. */
import type { TestHub } from './test-hub.ts';

export interface ServerEvent {
  /** The last id that the stream has said so far. */
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

export class EventSourceReader {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = '';
  /** Where a client that loses the connection now goes on. */
  lastId = '';
  heartbeats = 0;

  constructor(response: Response) {
    if (response.body === null) throw new Error(`no stream: ${response.status}`);
    this.response = response;
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next event; undefined when the stream has ended. */
  async next(): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end === -1) {
        const { value, done } = await this.#reader.read();
        if (done) return undefined;
        this.#text += value;
        continue;
      }
      const lines = this.#text.slice(0, end).split('\n');
      this.#text = this.#text.slice(end + 2);
      const field = (name: string): string[] =>
        lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
      this.heartbeats += lines.filter((line) => line.startsWith(':')).length;
      this.lastId = field('id').at(-1) ?? this.lastId;
      const data = field('data').join('\n');
      if (data === '') continue;
      const event = field('event').at(-1) ?? 'message';
      return { id: this.lastId, event, data: JSON.parse(data) as Record<string, unknown> };
    }
  }

  async take(count: number): Promise<ServerEvent[]> {
    const events: ServerEvent[] = [];
    while (events.length < count) {
      const next = await this.next();
      if (next === undefined) throw new Error(`the stream ended after ${events.length} of ${count} events`);
      events.push(next);
    }
    return events;
  }

  /** Reads to the end of the stream; answers what was left. */
  async rest(): Promise<ServerEvent[]> {
    const events: ServerEvent[] = [];
    for (let next = await this.next(); next !== undefined; next = await this.next()) events.push(next);
    return events;
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}

export interface ListenOptions {
  readonly key: string;
  readonly agent?: string;
  readonly type?: string;
  /** Beginning with `?`. */
  readonly query?: string;
  readonly lastId?: string;
}

export function askForEvents(hub: TestHub, options: ListenOptions): Promise<Response> {
  const { key, agent, type, query = '', lastId } = options;
  return hub.request(`/events${query}`, {
    headers: {
      ...{ authorization: `Bearer ${key}`, accept: 'text/event-stream' },
      ...(agent === undefined ? {} : { 'x-agent-id': agent }),
      ...(type === undefined ? {} : { 'x-agent-type': type }),
      ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
    },
  });
}

/** Listens; the stream has begun, so that what is done from here on comes. */
export async function listenToEvents(hub: TestHub, options: ListenOptions): Promise<EventSourceReader> {
  const response = await askForEvents(hub, options);
  if (response.status !== 200) throw new Error(await response.text());
  return new EventSourceReader(response);
}

/** An id of the hub's, moved to before everything. */
function toTheBeginning(id: string): string {
  const [epoch, kind] = JSON.parse(Buffer.from(id, 'base64url').toString()) as [string, string];
  return Buffer.from(JSON.stringify([epoch, kind, 0])).toString('base64url');
}

/** All events so far of one who may ask, as an answer that ends: by itself when the hub gives a sign of life, having no more. */
export async function eventsSoFar(
  hub: TestHub,
  path: string,
  headers: Readonly<Record<string, string>>,
  isAll = (text: string): boolean => text.includes(': heartbeat'),
): Promise<Response> {
  const first = await hub.request(path, { headers });
  if (first.status !== 200 || first.body === null) return first;
  const text = async ({ body }: Response, isEnough: (text: string) => boolean): Promise<string> => {
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    let all = '';
    while (!isEnough(all)) {
      const { value, done } = await reader.read();
      if (done) break;
      all += value;
    }
    await reader.cancel();
    return all;
  };
  const greeting = await text(first, (all) => all.includes('\n\n'));
  const id = toTheBeginning(/^id: (.*)$/m.exec(greeting)?.[1] ?? '');
  const all = await hub.request(path, { headers: { ...headers, 'last-event-id': id } });
  return new Response(await text(all, isAll), all);
}
