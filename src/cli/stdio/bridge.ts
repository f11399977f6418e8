/** Brings messages from a client that speaks over pipes to the hub, and what the hub says back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { splitLines } from '../../lib/lines.ts';
import { CliError } from '../output.ts';
import { type HubLink, LostError, messagesIn } from './hub-link.ts';
import {
  failure,
  type Id,
  INVALID_REQUEST,
  isMessage,
  type Message,
  methodOf,
  paramsOf,
  PARSE_ERROR,
  refusedAs,
  requestId,
  revisionOf,
  rpcError,
  statelessHeaders,
} from './messages.ts';
import { createSession } from './session.ts';

export interface BridgeDeps {
  readonly link: HubLink;
  readonly input: AsyncIterable<Uint8Array>;
  readonly write: (line: string) => void;
  /** A line for people. */
  readonly note: (text: string) => void;
  /** Aborted where nobody waits for the last answers. */
  readonly signal: AbortSignal;
}

/** More than the hub takes: that refuses it with the id of the request. */
const MAX_LINE = 4_000_000;
/** What is sent one after the other is begun in that order, and answered so; only what takes longer lets the next pass. */
const IN_ORDER_MS = 2_000;
/** Nothing else is said before a session is open. */
const OPENED_WITHIN_MS = 60_000;
const LAST_ANSWERS_MS = 5_000;
const GOODBYE_MS = 1_000;
const REPEATS = 5;
const PAUSE_MS = 500;
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

interface UnderWay {
  readonly abort: AbortController;
  cancelled: boolean;
}

/** Runs until the input ends, and what was asked by then is answered. */
export async function runBridge({ link, input, write, note, signal }: BridgeDeps): Promise<void> {
  const say = (message: unknown): void => {
    write(`${JSON.stringify(message)}\n`);
  };
  const session = createSession({ link, deliver: say });
  const underWay = new Map<Id, UnderWay>();
  const tasks = new Set<Promise<void>>();
  let turn = Promise.resolve();

  /** Begins a task when it is its turn. */
  function queue(task: () => Promise<void>, patience: number): void {
    const done = turn.then(task);
    tasks.add(done);
    void done.finally(() => tasks.delete(done));
    turn = turn.then(() => Promise.race([done, sleep(patience, undefined, { ref: false })]));
  }

  async function post(message: Message, abort?: AbortSignal): Promise<Response> {
    const revision = revisionOf(message);
    for (let again = false; ; again = true) {
      const headers = methodOf(message) === 'initialize' ? {} : session.headers();
      const response = await link.send({
        ...{ method: 'POST', body: JSON.stringify(message), start: !isListening(message) },
        headers: revision === undefined ? headers : statelessHeaders(message, revision),
        repeatable: isRepeatable(message),
        ...(abort === undefined ? {} : { signal: abort }),
      });
      const isForgotten = response.status === 404 && revision === undefined && 'Mcp-Session-Id' in headers;
      if (!isForgotten || again) return response;
      await response.body?.cancel();
      await session.renew(headers);
    }
  }

  /** Answers whether the request has been answered. @throws LostError, CliError */
  async function ask(message: Message, id: Id, { abort }: UnderWay, isRepeated: boolean): Promise<boolean> {
    const response = await post(message, abort.signal);
    if (!response.ok) {
      say(refusedAs(id, response.status, await response.json().catch(() => undefined)));
      return true;
    }
    let answered = false;
    for await (const { message: said } of messagesIn(response)) {
      const isAnswer = isMessage(said) && methodOf(said) === undefined && said['id'] === id;
      // A hub that stops ends its streams; the next one opens them again.
      if (isAnswer && isListening(message) && 'result' in said) return false;
      if (isAnswer && methodOf(message) === 'initialize') session.opened(message, response, said);
      answered ||= isAnswer;
      if (!isRepeated || !isMessage(said) || methodOf(said) !== ACKNOWLEDGED) say(said);
    }
    return answered;
  }

  async function request(message: Message, id: Id, one: UnderWay): Promise<void> {
    session.sent(message);
    const isCancelled = (): boolean => one.cancelled;
    try {
      for (let tried = 0; !isCancelled(); tried++) {
        if (tried > 0) await sleep(PAUSE_MS, undefined, { signal: one.abort.signal });
        try {
          if (await ask(message, id, one, tried > 0)) return;
        } catch (error) {
          if (!isListening(message) && !(error instanceof LostError)) throw error;
        }
        const isOver = !isListening(message) && (!isRepeatable(message) || tried === REPEATS);
        if (isOver && !isCancelled()) {
          say(lost(id));
          return;
        }
      }
    } catch (error) {
      if (!isCancelled()) say(unavailable(id, error));
    } finally {
      if (underWay.get(id) === one) underWay.delete(id);
    }
  }

  /** Notifications, and answers to what the hub asked. */
  async function tell(message: Message): Promise<void> {
    try {
      const response = await post(message);
      await response.body?.cancel();
      if (methodOf(message) === 'notifications/initialized' && response.ok) session.listen();
    } catch (error) {
      if (!signal.aborted) note(`A message did not reach the hub: ${reasonOf(error)}`);
    }
  }

  function cancel(message: Message): void {
    const { requestId: id } = paramsOf(message);
    const one = typeof id === 'string' || typeof id === 'number' ? underWay.get(id) : undefined;
    if (one === undefined) return;
    one.cancelled = true;
    // A session has to be told; without one, the closed connection tells.
    if (session.headers()['Mcp-Session-Id'] === undefined) one.abort.abort();
    else
      void tell(message).finally(() => {
        one.abort.abort();
      });
  }

  function take(message: unknown): void {
    if (!isMessage(message)) {
      const said = 'Invalid Request: send each message on a line of its own';
      say(rpcError(null, INVALID_REQUEST, said));
      return;
    }
    const id = requestId(message);
    // It may be about what the others wait for.
    if (methodOf(message) === 'notifications/cancelled') cancel(message);
    // An answer to the hub is what the call before it waits for.
    else if (methodOf(message) === undefined) void tell(message);
    else if (id === undefined) queue(() => tell(message), IN_ORDER_MS);
    else {
      const one: UnderWay = { abort: new AbortController(), cancelled: false };
      underWay.set(id, one);
      queue(() => request(message, id, one), patienceWith(message));
    }
  }

  for await (const line of splitLines(input, MAX_LINE)) {
    if ('tooLong' in line) say(rpcError(null, INVALID_REQUEST, 'Invalid Request: the message is too long'));
    else if (line.text.trim() !== '') {
      const message = parsed(line.text);
      if (message === undefined) say(rpcError(null, PARSE_ERROR, 'Parse error: the line is not JSON'));
      else take(message);
    }
  }
  if (!signal.aborted)
    await Promise.race([
      turn.then(() => Promise.all(tasks)),
      sleep(LAST_ANSWERS_MS, undefined, { ref: false }),
    ]);
  for (const one of underWay.values()) {
    one.cancelled = true;
    one.abort.abort();
  }
  await session.close(AbortSignal.timeout(GOODBYE_MS));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How long others wait for it, in milliseconds; not at all for what is known to take as long as it likes. */
function patienceWith(message: Message): number {
  if (methodOf(message) === 'initialize') return OPENED_WITHIN_MS;
  const { name, arguments: args } = paramsOf(message);
  const waits = name === 'wait_for_messages' || (isMessage(args) && args['wait_seconds'] !== undefined);
  return waits || isListening(message) ? 0 : IN_ORDER_MS;
}

/** A stream of the stateless era, which lives as long as its client wants it. */
function isListening(message: Message): boolean {
  return methodOf(message) === 'subscriptions/listen';
}

/** All but tools only look, and so do writes that name what they are the second attempt of. */
function isRepeatable(message: Message): boolean {
  if (methodOf(message) !== 'tools/call') return true;
  const args = paramsOf(message)['arguments'];
  return isMessage(args) && typeof args['idempotency_key'] === 'string';
}

function lost(id: Id): Message {
  return failure(
    id,
    'STORE_UNAVAILABLE',
    'The hub stopped while it worked on this; whether it was done is not known.',
    ['Call again; a write with the same idempotency_key is stored once.'],
  );
}

function unavailable(id: Id, error: unknown): Message {
  return failure(id, 'STORE_UNAVAILABLE', `The hub cannot be reached: ${reasonOf(error)}`, [
    'Start it with "schub up", and call again.',
  ]);
}

function reasonOf(error: unknown): string {
  return error instanceof CliError || error instanceof LostError ? error.message : String(error);
}
