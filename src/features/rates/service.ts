/** How many calls an agent and a key may make in a minute. */
import type { Config } from '../../config/config.ts';
import type { Principal } from '../../context.ts';
import { HubError } from '../../errors.ts';
import { createRateCounter } from './counter.ts';

/** Kinds of calls that are limited apart: `auth` per key, the others per agent. */
export type RateKind = 'auth' | 'messages' | 'reads' | 'search' | 'memory' | 'leases';

export interface RateService {
  /**
   * Counts one call: in its kind, and if that lets it pass, in the total of its key. What one agent does too much of is not
   * taken from the others under its key.
   * @throws HubError RATE_LIMITED
   */
  spend(principal: Pick<Principal, 'keyId' | 'workspace' | 'agentId'>, kind: RateKind): Promise<void>;
  /** Counts what is of no kind in the total of its key. @throws HubError RATE_LIMITED */
  spendTotal(keyId: string): Promise<void>;
  /** Counts nothing. @throws HubError RATE_LIMITED where the total of the key is used up. */
  demandTotal(keyId: string): Promise<void>;
  /** Counts a token issued to a key. @throws HubError RATE_LIMITED */
  spendAuth(keyId: string): Promise<void>;
}

const UNLIMITED: RateService = {
  spend: () => Promise.resolve(),
  spendTotal: () => Promise.resolve(),
  demandTotal: () => Promise.resolve(),
  spendAuth: () => Promise.resolve(),
};

export function createRateService(rates: Config['rates']): RateService {
  if (!rates.enabled) return UNLIMITED;
  const limits = {
    auth: rates.authPerMinute,
    messages: rates.messagesPerMinute,
    reads: rates.readsPerMinute,
    search: rates.searchPerMinute,
    memory: rates.memoryPerMinute,
    leases: rates.leasesPerMinute,
    total: rates.totalPerMinute,
  };
  type Bucket = keyof typeof limits;
  const counters = {
    auth: createRateCounter(limits.auth),
    messages: createRateCounter(limits.messages),
    reads: createRateCounter(limits.reads),
    search: createRateCounter(limits.search),
    memory: createRateCounter(limits.memory),
    leases: createRateCounter(limits.leases),
    total: createRateCounter(limits.total),
  };

  async function count(bucket: Bucket, key: string): Promise<void> {
    const waitMs = await counters[bucket].hit(key);
    if (waitMs > 0) throw tooMany(bucket, limits[bucket], waitMs);
  }

  return {
    async spend({ keyId, workspace, agentId }, kind) {
      await count(kind, kind === 'auth' ? keyId : `${workspace}\u0000${agentId}`);
      await count('total', keyId);
    },
    spendTotal: (keyId) => count('total', keyId),
    async demandTotal(keyId) {
      const waitMs = await counters.total.exhausted(keyId);
      if (waitMs > 0) throw tooMany('total', limits.total, waitMs);
    },
    spendAuth: (keyId) => count('auth', keyId),
  };
}

const WORDS: Readonly<Record<RateKind | 'total', string>> = {
  auth: 'tokens for this key',
  messages: 'writes of messages and sessions by this agent',
  reads: 'reads by this agent',
  search: 'searches by this agent',
  memory: 'calls of memory tools by this agent',
  leases: 'calls of lease tools by this agent',
  total: 'calls under this key',
};

function tooMany(bucket: RateKind | 'total', limit: number, waitMs: number): HubError {
  const message = `More than ${limit} ${WORDS[bucket]} in a minute.`;
  return rateLimited(message, waitMs, { kind: bucket, limit_per_minute: limit });
}

/** `waitMs`: after how long it may be tried again. */
export function rateLimited(message: string, waitMs: number, context: Record<string, unknown>): HubError {
  const retryAfter = Math.ceil(waitMs / 1_000);
  return new HubError('RATE_LIMITED', message, {
    context,
    retryAfter,
    suggestions: [`Try again in ${retryAfter} s.`],
  });
}
