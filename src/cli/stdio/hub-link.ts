/** The bridge's way to the hub: which may stop, come back elsewhere, or have to be started. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { systemCode } from '../../lib/system-error.ts';

export interface HubAccess {
  readonly url: string;
  readonly key: string;
}

export interface HubLinkDeps {
  /** Where the hub is now; starts one if `start` says so and none runs. @throws CliError */
  readonly locate: (start: boolean) => Promise<HubAccess>;
  readonly agentId: string | undefined;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

export interface SendOptions {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Starts a hub if none runs. */
  readonly start?: boolean;
  /** Whether it may reach the hub twice: asked again where it is not known what became of it. */
  readonly repeatable?: boolean;
}

export interface HubLink {
  /** The hub's answer. @throws LostError, CliError */
  send(options: SendOptions): Promise<Response>;
}

/** The connection broke: it is not known whether the hub has done what it was asked. */
export class LostError extends Error {
  override readonly name = 'LostError';
}

const TRIES = 5;
const PAUSE_MS = 200;
const NOT_SENT: readonly (string | undefined)[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
];

export function createHubLink({ locate, agentId, signal: ends }: HubLinkDeps): HubLink {
  let access: HubAccess | undefined;

  async function attempt(options: SendOptions): Promise<Response> {
    access ??= await locate(options.start === true);
    const { url, key } = access;
    return await fetch(`${url}/mcp`, {
      method: options.method,
      headers: {
        Authorization: `Bearer ${key}`,
        Accept: options.method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
        ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(agentId === undefined ? {} : { 'X-Agent-Id': agentId }),
        ...options.headers,
      },
      redirect: 'error',
      signal: options.signal === undefined ? ends : AbortSignal.any([ends, options.signal]),
      ...(options.body === undefined ? {} : { body: options.body }),
    });
  }

  return {
    async send(options) {
      for (let tried = 1; ; tried++) {
        try {
          return await attempt(options);
        } catch (error) {
          if (ends.aborted || options.signal?.aborted === true || !(error instanceof TypeError)) throw error;
          // It may be back at another port.
          access = undefined;
          const isSafe = NOT_SENT.includes(systemCode(error.cause)) || options.repeatable === true;
          if (!isSafe || tried === TRIES)
            throw new LostError('the connection to the hub broke', { cause: error });
          await sleep(PAUSE_MS, undefined, { signal: ends });
        }
      }
    },
  };
}

export interface Received {
  readonly message: unknown;
  /** Where a stream can be taken up again. */
  readonly eventId: string | undefined;
}

/** The messages of an answer, as they come. @throws LostError if it breaks off. */
export async function* messagesIn(response: Response): AsyncGenerator<Received> {
  const { body } = response;
  if (body === null) return;
  try {
    if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
      const text = await response.text();
      if (text !== '') yield { message: JSON.parse(text), eventId: undefined };
      return;
    }
    const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const { data, id } of events)
      if (data !== '') yield { message: JSON.parse(data), eventId: id };
  } catch (error) {
    if (error instanceof TypeError) throw new LostError('the answer of the hub broke off', { cause: error });
    throw error;
  }
}
