/**
 * The requests that are being answered, streams and waits among them, each of which ends when its credential does. A request
 * is let in by a check that may be long ago by the time it is answered.
 */
import type { Credential } from '../auth/types.ts';
import type { Principal } from '../context.ts';
import { HubError } from '../errors.ts';
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
  endAgent(keyId: string, workspace: string, agentId: string): void;
}

interface Open {
  readonly keyId: string;
  readonly verify: () => Promise<Credential>;
  readonly end: (error: unknown) => void;
  until: number | null;
  principal?: Principal;
  /** Told that it is over. */
  done?: () => void;
}

export interface OpenRequestsDeps {
  readonly now: () => number;
  /** Told for whom each is answered; what it answers is called at the end. */
  readonly acting?: Presence['open'];
}

export function createOpenRequests({ now, acting }: OpenRequestsDeps): OpenRequests {
  const all = new Set<Open>();

  async function check(request: Open): Promise<void> {
    try {
      request.until = (await request.verify()).until;
    } catch (error) {
      request.end(error);
    }
  }

  async function checkWhere(matches: (request: Open) => boolean): Promise<void> {
    await Promise.all([...all].filter(matches).map(check));
  }

  return {
    async serve({ keyId, until }, verify, work) {
      const life = { isOver: false, stops: [] as (() => void)[] };
      const onEnd = (stop: () => void): void => {
        if (life.isOver) stop();
        else life.stops.push(stop);
      };
      const refusal = Promise.withResolvers<never>();
      // After the answer has begun nobody waits for it.
      refusal.promise.catch(() => undefined);
      const request: Open = {
        ...{ keyId, verify, until },
        end(error) {
          release();
          life.isOver = true;
          refusal.reject(error);
          for (const stop of life.stops) stop();
        },
      };
      all.add(request);
      const release = (): void => {
        all.delete(request);
        request.done?.();
        delete request.done;
      };
      try {
        const answer = work({
          actsAs(principal, connection) {
            request.principal = principal;
            // One that is over already holds nothing.
            if (!all.has(request)) return;
            request.done?.();
            const done = acting?.(principal, connection);
            if (done !== undefined) request.done = done;
          },
          onEnd,
        });
        // What comes later is for nobody.
        const late = answer.then(async (response) => {
          if (life.isOver) await response.body?.cancel();
        });
        late.catch(() => undefined);
        const response = await Promise.race([answer, refusal.promise]);
        // Not before: the many that wait for their answer need none.
        const ended = new AbortController();
        onEnd(() => ended.abort());
        return whenDone(response, ended.signal, release);
      } catch (error) {
        release();
        throw error;
      }
    },

    recheck: (keyId) => checkWhere((request) => request.keyId === keyId),

    async sweep() {
      const at = now();
      await checkWhere(({ until }) => until !== null && until <= at);
    },

    endAgent(keyId, workspace, agentId) {
      for (const request of all) {
        const { principal } = request;
        if (principal?.keyId !== keyId || principal.workspace !== workspace) continue;
        if (principal.agentId === agentId) request.end(notYours(agentId));
      }
    },
  };
}

function notYours(agentId: string): HubError {
  return new HubError('PERMISSION_DENIED', `Agent ${agentId} does not belong to this key any more.`, {
    context: { agent_id: agentId },
    suggestions: ['Ask an operator of the hub, or choose another X-Agent-Id.'],
  });
}
