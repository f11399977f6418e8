/**
 * A stream of events that goes on where it was, whatever cuts it. `EventSource` gives up when the hub answers an error, as one
 * that restarts does, and cannot begin at a position.
 */

export interface FeedOptions {
  readonly url: string;
  /** The id of the last event that is known. */
  readonly position: string;
  readonly signal: AbortSignal;
  readonly onEvent: (kind: string, data: string) => void;
  /** `over`: it will not come back, as after a logout. */
  readonly onState: (state: 'live' | 'lost' | 'over') => void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;

/** Resolves when it was aborted or is over; answers the position it came to. */
export async function followFeed({ url, position, signal, onEvent, onState }: FeedOptions): Promise<string> {
  let last = position;
  let wait = FIRST_WAIT_MS;
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      const response = await fetch(url, {
        headers: { accept: 'text/event-stream', 'last-event-id': last },
        signal,
      });
      if (response.status === 401 || response.status === 403 || response.status === 404) {
        onState('over');
        return last;
      }
      if (response.ok && response.body !== null) {
        onState('live');
        wait = FIRST_WAIT_MS;
        for await (const { id, kind, data } of eventsOf(response.body)) {
          // An event counts when it is whole: what is cut off comes again.
          if (id !== '') last = id;
          if (data !== '') onEvent(kind, data);
        }
      }
    } catch {
      // Cut, or not there: the next attempt tells.
    }
    if (isOver()) break;
    onState('lost');
    await delay(wait, signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
  return last;
}

interface StreamEvent {
  readonly id: string;
  readonly kind: string;
  readonly data: string;
}

async function* eventsOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<StreamEvent> {
  let text = '';
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) yield eventOf(part);
  }
}

function eventOf(text: string): StreamEvent {
  const fields: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name = '', value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    fields[name] = name === 'data' && fields['data'] !== undefined ? `${fields['data']}\n${value}` : value;
  }
  return { id: fields['id'] ?? '', kind: fields['event'] ?? 'message', data: fields['data'] ?? '' };
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      done();
    });
  });
}
