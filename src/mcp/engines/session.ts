/** One 2025 session: what it is bound to, what it watches, and whether anybody still uses it. */
import type { ClientInfo } from '../../auth/types.ts';
import type { Principal } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { ToolSet } from '../surface.ts';
import { CallAuth, type Call } from './call.ts';
import type { SessionTransport } from './session-transport.ts';
import { whenDone } from './when-done.ts';

export interface SessionBinding {
  readonly keyId: string;
  /** Agent ids compare without case. */
  readonly agentId: string;
  readonly client: ClientInfo;
  readonly toolSet: ToolSet;
  /** Whether it may be pushed messages, see `channel.ts`. */
  readonly channel: boolean;
}

/** Resources that one session or subscription watches. */
export const MAX_WATCHED = 1000;

export class Session {
  readonly transport: SessionTransport;
  readonly binding: SessionBinding;
  readonly #watched = new Set<string>();
  /** As of the last request: its permissions may have changed since the session was opened. */
  #principal: Principal;
  #lastUsed: number;
  /** HTTP requests under way, an open GET stream among them. */
  #users = 0;

  constructor(transport: SessionTransport, binding: SessionBinding, principal: Principal, now: number) {
    this.transport = transport;
    this.binding = binding;
    this.#principal = principal;
    this.#lastUsed = now;
  }

  get lastUsed(): number {
    return this.#lastUsed;
  }

  get principal(): Principal {
    return this.#principal;
  }

  /** Whether it has no request under way and no open stream. */
  get unused(): boolean {
    return this.#users === 0;
  }

  idleSince(time: number): boolean {
    return this.unused && this.#lastUsed <= time;
  }

  belongsTo({ keyId, agentId }: Principal): boolean {
    return keyId === this.binding.keyId && agentId.toLowerCase() === this.binding.agentId;
  }

  /** @throws HubError QUOTA_EXCEEDED. */
  watch(uri: string): void {
    if (this.#watched.size >= MAX_WATCHED && !this.#watched.has(uri)) {
      const most = `A session watches at most ${String(MAX_WATCHED)} resources.`;
      throw new HubError('QUOTA_EXCEEDED', most, { suggestions: ['Unsubscribe from some first.'] });
    }
    this.#watched.add(uri);
  }

  unwatch(uri: string): void {
    this.#watched.delete(uri);
  }

  /** Addresses of the resources that it watches. */
  get watched(): Iterable<string> {
    return this.#watched;
  }

  async serve(http: Request, body: unknown, call: Call, now: () => number): Promise<Response> {
    this.#users++;
    this.#principal = call.principal;
    const done = (): void => {
      this.#users--;
      this.#lastUsed = now();
    };
    try {
      return whenDone(await this.transport.fetch(http, body, new CallAuth(call)), http.signal, done);
    } catch (error) {
      done();
      throw error;
    }
  }
}
