/** Watches how busy the process is. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Load } from './windows.ts';

const EVERY_MS = 10_000;
/** An idle loop's timer is that late by itself, which is taken off. */
const RESOLUTION_MS = 20;

export interface LoadWatch extends Disposable {
  /** Of the last full interval; undefined before its end. */
  readonly last: Load | undefined;
}

/** Tells `onLoad` of every interval, by default of ten seconds, until it is disposed of. */
export function watchLoad(onLoad: (load: Load) => void, everyMs = EVERY_MS): LoadWatch {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let last: Load | undefined;
  let cpu = process.cpuUsage();
  let at = performance.now();

  const look = (): void => {
    const used = process.cpuUsage(cpu);
    const now = performance.now();
    last = {
      rssBytes: process.memoryUsage.rss(),
      cpu: (used.user + used.system) / 1000 / (now - at),
      loopP99Ms: lateness(delays.percentile(99)),
      loopMaxMs: lateness(delays.max),
    };
    cpu = process.cpuUsage();
    at = now;
    delays.reset();
    onLoad(last);
  };
  const timer = setInterval(look, everyMs).unref();

  return {
    get last() {
      return last;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      delays.disable();
    },
  };
}

/** Of nanoseconds between two looks at the clock. */
function lateness(ns: number): number {
  return Math.max(0, ns / 1e6 - RESOLUTION_MS);
}
