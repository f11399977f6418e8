/** One 2025 session: what it is bound to, and whether anybody still uses it. */
import type { ClientInfo } from '../../auth/types.ts';
import type { Principal } from '../../context.ts';
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
}

export class Session {
  readonly transport: SessionTransport;
  readonly binding: SessionBinding;
  #lastUsed: number;
  /** HTTP requests under way, an open GET stream among them. */
  #users = 0;

  constructor(transport: SessionTransport, binding: SessionBinding, now: number) {
    this.transport = transport;
    this.binding = binding;
    this.#lastUsed = now;
  }

  get lastUsed(): number {
    return this.#lastUsed;
  }

  idleSince(time: number): boolean {
    return this.#users === 0 && this.#lastUsed <= time;
  }

  belongsTo({ keyId, agentId }: Principal): boolean {
    return keyId === this.binding.keyId && agentId.toLowerCase() === this.binding.agentId;
  }

  async serve(http: Request, body: unknown, call: Call, now: () => number): Promise<Response> {
    this.#users++;
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
