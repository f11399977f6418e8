/**
 * The requests that are being answered, streams and waits among them, each of which ends when its credential does. A request
 * is let in by a check that may be long ago by the time it is answered.
 */
import type { Credential } from '../auth/types.ts';
import type { Principal } from '../context.ts';
import { asError } from '../lib/as-error.ts';
import type { AgentLoss } from '../features/agents/service.ts';
import type { Connection, Presence } from '../features/agents/presence.ts';
import { whenDone } from './engines/when-done.ts';

/** A request that is being answered. */
export interface OpenRequest {
  /** Says which agent it is, once that is known, and what it came over. */
  actsAs(principal: Principal, connection?: Connection): void;
  /** Calls `stop` when the request ends because its credential has. */
  onEnd(stop: () => void): void;
}

export interface OpenRequests {
  /**
   * Answers with what `work` answers. If the credential ends before, that fails with the refusal of `verify`; the stream of an
   * answer is closed.
   */
  serve(
    credential: Credential,
    verify: () => Promise<Credential>,
    work: (request: OpenRequest) => Promise<Response>,
  ): Promise<Response>;
  /** Verifies the credential of each request of a key anew. */
  recheck(keyId: string): Promise<void>;
  /** Verifies those anew whose time is over. */
  sweep(): Promise<void>;
  /** Ends the requests in which a key acts as an agent. */
  endAgent(loss: AgentLoss): void;
}

export interface OpenRequestsDeps {
  readonly now: () => number;
  /** Told for whom each is answered; what it answers is called at the end. */
  readonly acting?: Presence['open'];
}

interface Shared {
  readonly all: Set<Answering>;
  readonly acting: OpenRequestsDeps['acting'];
}

/** Many wait: each is one object, rather than functions of its own. */
class Answering implements OpenRequest {
  readonly keyId: string;
  until: number | null;
  principal: Principal | undefined;
  readonly #verify: () => Promise<Credential>;
  readonly #shared: Shared;
  #stops: readonly (() => void)[] = [];
  #refuse: ((error: unknown) => void) | undefined;
  #done: (() => void) | undefined;
  #isOver = false;

  constructor({ keyId, until }: Credential, verify: () => Promise<Credential>, shared: Shared) {
    this.keyId = keyId;
    this.until = until;
    this.#verify = verify;
    this.#shared = shared;
    shared.all.add(this);
  }

  answer(work: (request: OpenRequest) => Promise<Response>): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#refuse = reject;
      work(this).then(
        (response) => {
          if (this.#isOver) {
            // It is for nobody.
            response.body?.cancel().catch(() => undefined);
            return;
          }
          // Not before: the many that wait for their answer need none.
          const ended = new AbortController();
          this.onEnd(() => ended.abort());
          resolve(whenDone(response, ended.signal, () => this.#release()));
        },
        (error: unknown) => {
          this.#release();
          reject(asError(error));
        },
      );
    });
  }

  actsAs(principal: Principal, connection?: Connection): void {
    this.principal = principal;
    // One that is over already holds nothing.
    if (!this.#shared.all.has(this)) return;
    this.#done?.();
    this.#done = this.#shared.acting?.(principal, connection);
  }

  onEnd(stop: () => void): void {
    if (this.#isOver) stop();
    // One more, exactly: `push` makes room for seventeen.
    else this.#stops = [...this.#stops, stop];
  }

  end(error: unknown): void {
    this.#release();
    this.#isOver = true;
    this.#refuse?.(error);
    for (const stop of this.#stops) stop();
  }

  async recheck(): Promise<void> {
    try {
      this.until = (await this.#verify()).until;
    } catch (error) {
      this.end(error);
    }
  }

  #release(): void {
    this.#shared.all.delete(this);
    this.#done?.();
    this.#done = undefined;
  }
}

export function createOpenRequests({ now, acting }: OpenRequestsDeps): OpenRequests {
  const all = new Set<Answering>();
  const shared = { all, acting };

  async function recheckWhere(matches: (request: Answering) => boolean): Promise<void> {
    await Promise.all([...all].filter(matches).map((request) => request.recheck()));
  }

  return {
    serve: (credential, verify, work) => new Answering(credential, verify, shared).answer(work),

    recheck: (keyId) => recheckWhere((request) => request.keyId === keyId),

    async sweep() {
      const at = now();
      await recheckWhere(({ until }) => until !== null && until <= at);
    },

    endAgent({ keyId, workspace, agentId, refusal }) {
      for (const request of all) {
        const { principal } = request;
        if (principal?.keyId !== keyId || principal.workspace !== workspace) continue;
        if (principal.agentId === agentId) request.end(refusal);
      }
    },
  };
}
