/** The one MCP session of a bridge, for clients of the 2025 revisions: opened by the client, opened again when the hub forgot it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type HubLink, messagesIn } from './hub-link.ts';
import { isMessage, type Message, methodOf, paramsOf } from './messages.ts';

export interface SessionDeps {
  readonly link: HubLink;
  /** Takes what the hub says of its own accord. */
  readonly deliver: (message: unknown) => void;
}

export interface BridgeSession {
  /** What a request of the session carries; none before it is open. */
  headers(): Readonly<Record<string, string>>;
  /** Told what the client asks for, of which some has to be asked again in a new session. */
  sent(message: Message): void;
  /** The client's `initialize` has been answered. */
  opened(initialize: Message, response: Response, answer: unknown): void;
  /** Listens for what the hub says of its own accord. */
  listen(): void;
  /** Opens another in the place of that whose headers these were, unless somebody else has done so. @throws Error */
  renew(stale: Readonly<Record<string, string>>): Promise<void>;
  /** Tells the hub that it is over. */
  close(signal: AbortSignal): Promise<void>;
}

interface State {
  readonly headers: Readonly<Record<string, string>>;
  readonly initialize: Message;
}

const RETRY_MS = { first: 200, most: 5_000 };
const ID = 'mcp-session-id';

export function createSession({ link, deliver }: SessionDeps): BridgeSession {
  let state: State | undefined;
  let renewing: Promise<void> | undefined;
  let listening: AbortController | undefined;
  let logLevel: Message | undefined;
  const watched = new Map<string, Message>();

  function open(initialize: Message, response: Response, answer: unknown): boolean {
    const id = response.headers.get(ID);
    const result = isMessage(answer) && isMessage(answer['result']) ? answer['result'] : undefined;
    if (id === null || result === undefined) return false;
    const revision = result['protocolVersion'];
    const version = typeof revision === 'string' ? { 'MCP-Protocol-Version': revision } : {};
    state = { headers: { 'Mcp-Session-Id': id, ...version }, initialize };
    return true;
  }

  const post = (message: Message): Promise<Response> =>
    link.send({
      ...{ method: 'POST', body: JSON.stringify(message), repeatable: true, start: true },
      headers: methodOf(message) === 'initialize' ? {} : (state?.headers ?? {}),
    });

  async function reopen(initialize: Message): Promise<void> {
    const response = await post(initialize);
    for await (const { message } of messagesIn(response)) {
      if (!open(initialize, response, message)) continue;
      const again = [{ jsonrpc: '2.0', method: 'notifications/initialized' }, logLevel, ...watched.values()];
      for (const one of again) if (one !== undefined) await (await post(one)).body?.cancel();
      if (listening !== undefined) startListening();
      // What has changed meanwhile, nobody has told the client.
      for (const uri of watched.keys())
        deliver({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } });
      return;
    }
    throw new Error(`the hub opens no new session (HTTP status ${String(response.status)})`);
  }

  const renew: BridgeSession['renew'] = async (stale) => {
    if (state === undefined || state.headers !== stale) return;
    renewing ??= reopen(state.initialize).finally(() => {
      renewing = undefined;
    });
    await renewing;
  };

  function startListening(): void {
    listening?.abort();
    listening = new AbortController();
    // It ends with the session, or where the hub has no such stream.
    listenUntil(listening.signal).catch(() => undefined);
  }

  async function listenUntil(until: AbortSignal): Promise<void> {
    let pause = RETRY_MS.first;
    let lastEvent: string | undefined;
    while (state !== undefined) {
      const { headers } = state;
      try {
        const resume = lastEvent === undefined ? {} : { 'Last-Event-ID': lastEvent };
        const response = await link.send({
          method: 'GET',
          headers: { ...headers, ...resume },
          signal: until,
        });
        if (response.status === 404) {
          await response.body?.cancel();
          return await renew(headers);
        }
        if (!response.ok) return;
        pause = RETRY_MS.first;
        for await (const { message, eventId } of messagesIn(response)) {
          lastEvent = eventId ?? lastEvent;
          deliver(message);
        }
      } catch (error) {
        if (until.aborted || !(error instanceof Error)) return;
        pause = Math.min(pause * 2, RETRY_MS.most);
      }
      await sleep(pause, undefined, { signal: until });
    }
  }

  return {
    headers: () => state?.headers ?? {},
    sent(message) {
      const { uri } = paramsOf(message);
      const method = methodOf(message);
      const silent = { ...message, id: `schub-again-${String(watched.size)}` };
      if (method === 'logging/setLevel') logLevel = { ...silent, id: 'schub-again-level' };
      if (typeof uri !== 'string') return;
      if (method === 'resources/subscribe') watched.set(uri, silent);
      if (method === 'resources/unsubscribe') watched.delete(uri);
    },
    opened(initialize, response, answer) {
      open(initialize, response, answer);
    },
    listen: startListening,
    renew,
    async close(giveUp) {
      listening?.abort();
      if (state === undefined) return;
      const { headers } = state;
      state = undefined;
      // A hub that is not told forgets the session by itself.
      const response = await link.send({ method: 'DELETE', headers, signal: giveUp }).catch(() => undefined);
      await response?.body?.cancel();
    },
  };
}
