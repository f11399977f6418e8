/** Who comes to the hub: agents that connect, and strangers that are turned away, neither of them row by row. */
import { boundedCache } from '../../lib/bounded-cache.ts';
import type { Principal } from '../../context.ts';
import { actorOf, type Auditor } from './auditor.ts';

export interface Visits {
  /** An agent asks for something; noted when it does so for the first time, or after an hour of silence. */
  seen(principal: Principal, client: string, visit: Visit): void;
  /** A credential was refused; noted at once the first time in a minute, after it as one number per address. */
  refused(address: string, visit: Visit): void;
  /** Notes what was counted in minutes that are over; all of it where `atOnce` is true. */
  sum(atOnce?: boolean): void;
}

export interface Visit {
  readonly requestId: string;
  readonly action: string;
}

export interface VisitsDeps {
  readonly auditor: Pick<Auditor, 'note'>;
  readonly now: () => number;
}

interface Refused {
  /** Since the row about the first one. */
  more: number;
  last: Visit;
}

const SILENCE_MS = 60 * 60 * 1000;
const MAX_VISITORS = 50_000;
const WINDOW_MS = 60_000;
/** Addresses told apart in one window: whoever has many must not fill the log with them. */
const MAX_ADDRESSES = 50;
const OTHERS = 'others';
const MAX_CLIENT = 100;

export function createVisits({ auditor, now }: VisitsDeps): Visits {
  const lastSeen = boundedCache<string, number>(MAX_VISITORS);
  const refusals = new Map<string, Refused>();
  let windowEnd = 0;

  function note(address: string, count: number, { requestId, action }: Visit): void {
    const nobody = { agentId: null, keyId: null, workspace: null, requestId };
    auditor.note(nobody, { type: 'auth.refused', action, result: 'refused', details: { address, count } });
  }

  function sum(atOnce = false): void {
    if (refusals.size === 0 || (!atOnce && now() < windowEnd)) return;
    for (const [address, { more, last }] of refusals) if (more > 0) note(address, more, last);
    refusals.clear();
  }

  return {
    seen(principal, name, { requestId, action }) {
      const client = name.slice(0, MAX_CLIENT);
      const { keyId, workspace, agentId, agentType } = principal;
      const visitor = [keyId, workspace, agentId.toLowerCase(), client].join('\u0000');
      const before = lastSeen.get(visitor);
      const at = now();
      lastSeen.set(visitor, at);
      if (before !== undefined && at - before < SILENCE_MS) return;
      auditor.note(actorOf({ principal, requestId }), {
        ...{ type: 'auth.login', action, resource: `agent:${agentId}` },
        details: { agent_type: agentType, client },
      });
    },

    refused(from, visit) {
      sum();
      if (refusals.size === 0) windowEnd = now() + WINDOW_MS;
      const address = refusals.has(from) || refusals.size < MAX_ADDRESSES ? from : OTHERS;
      const known = refusals.get(address);
      if (known === undefined) {
        refusals.set(address, { more: 0, last: visit });
        note(address, 1, visit);
        return;
      }
      known.more++;
      known.last = visit;
    },

    sum,
  };
}
