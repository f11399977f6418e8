/**
 * Contains what a plugin does: it has a limit of time, and if a part of it fails again and again the plugin is switched off,
 * not the hub. A loop that does not wait for anything cannot be contained.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { ERRORS, HubError, type ErrorCode, type ErrorDetails } from '../errors.ts';
import type { PartHealth } from '../features/health/service.ts';
import type { Logger } from '../telemetry/log.ts';

/** How often in a row a part may fail. */
export const MAX_FAILURES = 5;
/** Failures that nobody waited for are a row as long as no pause between them is as long as this. */
export const STRAY_PAUSE_MS = 10 * 60_000;
const STRAY = 'something it did not wait for';

export interface GuardedWork {
  /** In words: "tool count_words". */
  readonly part: string;
  readonly limitMs: number;
  /** A HubError is an answer to whoever called, not a failure. */
  readonly mayRefuse?: true;
  /** It has seen contents of messages, which an error may repeat: only its kind and place are logged. */
  readonly sawContents?: true;
  /** It may fail as often as it does: its failures are told, and switch nothing off. */
  readonly mayFail?: true;
  /** Whoever called waits no more: what comes of it does not count. */
  readonly signal?: AbortSignal;
}

export interface Guard {
  readonly plugin: string;
  /** Aborts when the plugin is switched off or stopped. */
  readonly signal: AbortSignal;
  /** Why it is switched off, if it is. */
  readonly off: string | undefined;
  /** @throws HubError INTERNAL_ERROR where the plugin is off, fails or is late, or the one that it refuses with. */
  run<T>(work: GuardedWork, make: () => T | Promise<T>): Promise<T>;
  /** Runs what is the hub's own work: what goes on after it, for others too, is not the plugin's. */
  outside<T>(work: () => T): T;
  /** Counts a failure that nobody waited for. */
  strayed(error: unknown): void;
  /** For good, until the hub starts again. */
  switchOff(reason: string): void;
  /** The end of the hub: nothing runs any more. */
  end(): void;
  health(): PartHealth;
}

/** What runs in the name of which plugin, so that what it throws where nobody waits is known to be its own. */
export type Owners = AsyncLocalStorage<Guard>;

class TooLate extends Error {
  override readonly name = 'TooLate';
}

export function createGuard(plugin: string, owners: Owners, log: Logger, now: () => number): Guard {
  const ended = new AbortController();
  const failures = new Map<string, number>();
  let off: string | undefined;
  let strayedAt = -Infinity;

  function switchOff(reason: string): void {
    if (off !== undefined || ended.signal.aborted) return;
    off = reason;
    log.error({ plugin, reason }, 'a plugin is switched off');
    ended.abort();
  }

  function failed({ part, sawContents, mayFail }: Omit<GuardedWork, 'limitMs'>, error: unknown): void {
    const count = (failures.get(part) ?? 0) + 1;
    failures.set(part, count);
    const what = sawContents === true ? { error: placeOf(error) } : { err: error };
    if (count === 1 || mayFail !== true)
      log.error({ plugin, part, in_a_row: count, ...what }, 'a plugin failed');
    const how = error instanceof TooLate ? error.message : 'threw';
    if (count >= MAX_FAILURES && mayFail !== true) switchOff(`${part} ${how}, ${count} times in a row`);
  }

  function forgiveStrays(): void {
    if (now() - strayedAt >= STRAY_PAUSE_MS) failures.delete(STRAY);
  }

  const guard: Guard = {
    plugin,
    signal: ended.signal,
    get off() {
      return off;
    },
    async run(work, make) {
      if (ended.signal.aborted) throw notRunning(plugin, off);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(
          () => reject(new TooLate(`took longer than ${work.limitMs / 1000} s`)),
          work.limitMs,
        );
      });
      try {
        const made = await Promise.race([owners.run(guard, async () => make()), late]);
        failures.delete(work.part);
        return made;
      } catch (error) {
        const refusal = work.mayRefuse === true ? asHubError(error) : undefined;
        if (refusal !== undefined) throw refusal;
        if (work.signal?.aborted !== true) failed(work, error);
        throw failure(plugin, work.part, error);
      } finally {
        clearTimeout(timer);
      }
    },
    outside: (work) => owners.exit(work),
    strayed(error) {
      forgiveStrays();
      strayedAt = now();
      failed({ part: STRAY, sawContents: true }, error);
    },
    switchOff,
    end: () => ended.abort(),
    health() {
      if (off !== undefined) return { status: 'failed', reason: `switched off: ${off}` };
      forgiveStrays();
      const [part] = failures.keys();
      if (part === undefined) return { status: 'healthy' };
      return { status: 'degraded', reason: `${part} failed the last ${failures.get(part) ?? 1} times` };
    },
  };
  return guard;
}

/** Of a plugin with a copy of its own of this class, too. */
function asHubError(error: unknown): HubError | undefined {
  if (error instanceof HubError) return error;
  if (!(error instanceof Error) || error.name !== 'HubError' || !('code' in error)) return undefined;
  const { code, message } = error;
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code)) return undefined;
  const details = 'details' in error ? (error.details as ErrorDetails) : {};
  return new HubError(code as ErrorCode, message, details);
}

function failure(plugin: string, part: string, cause: unknown): HubError {
  return new HubError(
    'INTERNAL_ERROR',
    `Plugin ${plugin} failed (${part}); the details are in the hub's log.`,
    {
      cause,
      context: { plugin },
      suggestions: ['Try once more; if it fails again, give the operator the request_id.'],
    },
  );
}

/** `off`: why it is switched off; undefined where the hub starts or stops. */
export function notRunning(plugin: string, off: string | undefined): HubError {
  if (off === undefined)
    return new HubError('OVERLOADED', `Plugin ${plugin} does not run: the hub starts or stops.`, {
      ...{ context: { plugin }, retryAfter: 1 },
      suggestions: ['Try again when the hub has started.'],
    });
  return new HubError('INTERNAL_ERROR', `Plugin ${plugin} is switched off after failures.`, {
    context: { plugin },
    suggestions: ['Ask an operator: the health of the hub says why, and a restart tries it again.'],
  });
}

/** What an error is and where it was thrown, without its words. */
function placeOf(error: unknown): { readonly name: string; readonly stack?: readonly string[] } {
  if (!(error instanceof Error)) return { name: typeof error };
  const stack = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return { name: error.name, ...(stack === undefined ? {} : { stack }) };
}
