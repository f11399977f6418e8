/**
 * Ends the guessing of credentials, per address. Two things are counted in a minute:
 * - refused credentials: beyond the limit the answer is RATE_LIMITED in place of AUTHENTICATION_FAILED;
 * - refused credentials that had not been seen before: beyond the limit nothing that is unknown is even looked at, so
 *   that a right guess is answered as a wrong one.
 * What was good before is looked at always: who shares an address with a guesser goes on. And a client that repeats one old
 * key for ever guesses nothing, so it keeps nobody out who comes to that address for the first time.
 */
import { hash } from 'node:crypto';
import { boundedCache } from '../lib/bounded-cache.ts';
import { HubError } from '../errors.ts';
import { createRateCounter } from '../features/rates/counter.ts';
import { rateLimited } from '../features/rates/service.ts';
import { presentedCredential } from './authenticator.ts';
import type { Authenticator } from './types.ts';

export interface GuessGuard {
  /**
   * What `verify` answers for a secret sent from an address.
   * @throws HubError RATE_LIMITED, or what `verify` throws.
   */
  attempt<T>(address: string, secret: string, verify: () => Promise<T>): Promise<T>;
  /** Takes a secret that was given out just now for one that was good before: to show it first is no guess. */
  vouch(secret: string): void;
}

export interface GuessGuardOptions {
  readonly enabled: boolean;
  readonly authPerMinute: number;
}

const REMEMBERED = 50_000;

export function createGuessGuard({ enabled, authPerMinute: limit }: GuessGuardOptions): GuessGuard {
  if (!enabled) return { attempt: (_address, _secret, verify) => verify(), vouch: () => undefined };
  const refusals = createRateCounter(limit);
  const guesses = createRateCounter(limit);
  /** Hashes of secrets, by whether they were good when they were last looked at. */
  const seen = boundedCache<string, boolean>(REMEMBERED);
  const inTurn = createTurns();

  async function look<T>(address: string, hashed: string, verify: () => Promise<T>): Promise<T> {
    try {
      const answer = await verify();
      seen.set(hashed, true);
      return answer;
    } catch (error) {
      if (!(error instanceof HubError) || error.status !== 401) throw error;
      if (seen.get(hashed) === undefined) await guesses.hit(address);
      seen.set(hashed, false);
      const waitMs = await refusals.hit(address);
      throw waitMs > 0 ? tooMany(limit, waitMs) : error;
    }
  }

  return {
    attempt(address, secret, verify) {
      const hashed = hashOf(secret);
      if (seen.get(hashed) === true) return look(address, hashed, verify);
      return inTurn(address, async () => {
        const waitMs = await guesses.exhausted(address);
        if (waitMs > 0) throw tooMany(limit, waitMs);
        return look(address, hashed, verify);
      });
    },
    vouch(secret) {
      seen.set(hashOf(secret), true);
    },
  };
}

function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** An authenticator that guards what it verifies. A request without a credential guesses nothing. */
export function guarded(authenticator: Authenticator, guard: GuessGuard): Authenticator {
  return {
    ...authenticator,
    verify(headers, address) {
      const secret = presentedCredential(headers);
      if (secret === undefined) return authenticator.verify(headers, address);
      return guard.attempt(address, secret, () => authenticator.verify(headers, address));
    },
  };
}

/** Guesses that come at once are looked at one after the other, or all would be before the first is counted. */
function createTurns(): <T>(address: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (address, work) => {
    const turn = (last.get(address) ?? Promise.resolve()).then(work, work);
    last.set(address, turn);
    try {
      return await turn;
    } finally {
      if (last.get(address) === turn) last.delete(address);
    }
  };
}

function tooMany(limit: number, waitMs: number): HubError {
  const message = `More than ${limit} refused credentials from this address in a minute.`;
  return rateLimited(message, waitMs, { kind: 'auth', limit_per_minute: limit });
}
