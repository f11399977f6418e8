/** A hub under load is killed again and again, and what it acknowledged is looked for. */
import { setTimeout as delay } from 'node:timers/promises';
import { CliError, EXIT } from '../output.ts';
import { toolCaller } from './call-tool.ts';
import { inspect } from './inspect.ts';
import { startLedger } from './ledger.ts';
import { numbers } from './random.ts';
import type { ScratchProcess } from './scratch-process.ts';

export interface TortureOptions {
  readonly kills: number;
  /** After so many there is no further kill. */
  readonly seconds: number;
  readonly writers: number;
  /** Gives the moments of the kills. */
  readonly seed: number;
}

export interface Proof {
  readonly kept: boolean;
  readonly kills: number;
  readonly acknowledged: number;
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** There twice. */
  readonly doubled: number;
  /** There, although nobody sent them. */
  readonly unexpected: number;
  /** Not shown, or out of order, to the reader that followed its cursor all the time. */
  readonly missed: number;
  /** After how many kills the database was damaged. */
  readonly corrupt: number;
  /** From the start of the next process until it was ready, in milliseconds. */
  readonly recovery_p50_ms: number;
  readonly recovery_p99_ms: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface Kill {
  readonly nth: number;
  readonly acknowledged: number;
  readonly recoveryMs: number;
}

/** So long at most it works between a start and a kill. */
const LONGEST_MS = 500;
/** One kill in so many hits a hub that is starting. */
const STARTING = 6;
/** A hub that acknowledges nothing for so long is as good as dead. */
const SILENCE_MS = 60_000;

/**
 * `tell` hears of each kill.
 * @throws CliError if the hub does not come back, acknowledges nothing, or `signal` aborts.
 */
export async function prove(
  hub: ScratchProcess,
  { kills, seconds, writers, seed }: TortureOptions,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (kill: Kill) => void },
): Promise<Proof> {
  const random = numbers(seed);
  const recoveries: number[] = [];
  let corrupt = 0;
  await hub.start();
  const { epoch } = inspect(hub.database);
  const look = (): void => {
    const found = inspect(hub.database);
    if (!found.sound || found.epoch !== epoch) corrupt++;
  };
  const over = new AbortController();
  using _ = { [Symbol.dispose]: () => over.abort() };
  const call = toolCaller(hub.apiKey);
  const ended = AbortSignal.any([signal, over.signal]);
  const ledger = await startLedger({ writers, call, url: () => hub.url(), signal: ended });
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;

  while (recoveries.length < kills && elapsed() < seconds) {
    await within(ledger.more(writers), ended);
    await delay(random() * LONGEST_MS, undefined, { signal });
    await hub.kill();
    if (recoveries.length % STARTING === STARTING - 1) {
      hub.start().catch(() => undefined);
      await delay(random() * LONGEST_MS, undefined, { signal });
      await hub.kill();
    }
    const killed = performance.now();
    await hub.start();
    const recoveryMs = performance.now() - killed;
    recoveries.push(recoveryMs);
    look();
    tell({ nth: recoveries.length, acknowledged: ledger.acknowledged.size, recoveryMs });
  }

  await within(ledger.stop(), ended);
  const report = await ledger.check(await hub.url());
  await hub.stop();
  look();
  const { acknowledged, lost, doubled, strange: unexpected, missed, counted } = report;
  const wrong = lost + doubled + unexpected + missed + corrupt;
  return {
    kept: wrong === 0 && counted === acknowledged,
    kills: recoveries.length,
    ...{ acknowledged, lost, doubled, unexpected, missed, corrupt },
    recovery_p50_ms: quantile(recoveries, 0.5),
    recovery_p99_ms: quantile(recoveries, 0.99),
    ...{ seconds: Math.round(elapsed()), seed },
  };
}

/** @throws CliError if it takes too long */
async function within(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const timer = new AbortController();
  const late = delay(SILENCE_MS, undefined, { signal: AbortSignal.any([signal, timer.signal]) }).then(() => {
    const why = `The scratch hub acknowledges nothing for ${String(SILENCE_MS / 1000)} seconds.`;
    throw new CliError(EXIT.failure, why);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

/** Of whole milliseconds; 0 where there is none. */
function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0);
}
