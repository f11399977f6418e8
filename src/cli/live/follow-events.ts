/** What happens on a hub, for as long as somebody listens: taken up again where it broke off, without gap or double. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { HubClient } from '../client.ts';
import { CliError, EXIT } from '../output.ts';

export interface FollowDeps {
  /** The hub as it is found now; it may have come back elsewhere. @throws CliError */
  readonly connect: () => Promise<HubClient>;
  /** Only what happens in this session. */
  readonly session: string | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told when the connection is lost, and when it is back. */
  readonly note: (text: string) => void;
}

/** `listening`: from here on nothing is missed. It comes once, before all events. */
export type Told =
  | { readonly kind: 'listening'; readonly client: HubClient }
  | { readonly kind: 'event'; readonly event: string; readonly data: string };

const PAUSE_MS = { first: 250, most: 10_000 };
/** The hub gives a sign of life every 15 seconds. */
const SILENT_MS = 45_000;

/** Ends when `signal` aborts. @throws CliError if there is no hub at first, or it refuses. */
export async function* followEvents(deps: FollowDeps): AsyncGenerator<Told, void> {
  const { connect, session, signal, note } = deps;
  let position: string | undefined;
  let isListening = false;
  let isLost = false;
  let pause = PAUSE_MS.first;
  while (!signal.aborted) {
    try {
      const client = await connect();
      const headers = position === undefined ? {} : { 'Last-Event-ID': position };
      const response = await client.send('/events', { query: { session_id: session }, headers, signal });
      for await (const part of partsOf(response, signal)) {
        position = part.id ?? position;
        pause = PAUSE_MS.first;
        if (isLost) note('The hub is back.');
        isLost = false;
        if (!isListening) yield { kind: 'listening', client };
        isListening = true;
        for (const { event = 'message', id, data } of part.events) {
          position = id ?? position;
          yield { kind: 'event', event, data };
        }
      }
    } catch (error) {
      if (isAborted(signal)) return;
      if (error instanceof CliError && error.answer?.code === 'INVALID_CURSOR') {
        note('The hub has another database than before; going on from now.');
        position = undefined;
      } else if (!isListening || !mayPass(error)) throw error;
    }
    if (!isLost) note('The hub is gone; waiting for it.');
    isLost = true;
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(pause * 2, PAUSE_MS.most);
  }
}

/** A function, as the compiler does not know that awaiting changes it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof CliError)) return true;
  return error.exitCode === EXIT.unreachable || error.answer?.retry_after !== undefined;
}

interface Part {
  /** Where the stream begins; told before any event. */
  readonly id?: string;
  readonly events: readonly EventSourceMessage[];
}

/** The events of a stream as they come. @throws Error if it breaks, or is silent for too long. */
async function* partsOf(response: Response, signal: AbortSignal): AsyncGenerator<Part, void> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('the stream is silent')), SILENT_MS);
  let events: EventSourceMessage[] = [];
  let begins: string | undefined;
  const parser = createParser({
    onEvent: (event) => events.push(event),
    // The id of an event counts with its data only: the stream may break between them.
    onId: (id) => (begins ??= id),
  });
  const text = (response.body ?? ReadableStream.from<Uint8Array>([])).pipeThrough(new TextDecoderStream(), {
    signal: AbortSignal.any([signal, silence.signal]),
  });
  try {
    let isBegun = false;
    for await (const chunk of text) {
      timer.refresh();
      parser.feed(chunk);
      if (begins === undefined) continue;
      yield isBegun ? { events } : { id: begins, events };
      isBegun = true;
      events = [];
    }
  } finally {
    clearTimeout(timer);
  }
}
