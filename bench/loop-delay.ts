/** How late an event loop gets to its work: in the hub, and in an idle process beside it, which shows the machine's noise. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** What a measured process is asked by its parent, and answers. */
export type Question = 'start' | 'stop' | 'memory' | 'cpu';
export interface Answer {
  /** 99th percentile since `start`, in milliseconds. */
  readonly delayP99?: number;
  /** Resident set in bytes; after collections. */
  readonly rss?: number;
  /** Time of the processor that the process has taken, in milliseconds. */
  readonly cpuMs?: number;
}

const RESOLUTION_MS = 5;
const COLLECTIONS = 2;
const SETTLE_MS = 250;

/** Has this process answer its parent's questions. */
export function answerParent(): void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  process.on('message', (question: Question) => {
    if (question === 'start') {
      histogram.reset();
      histogram.enable();
      process.send?.({} satisfies Answer);
    } else if (question === 'stop') {
      histogram.disable();
      process.send?.({ delayP99: histogram.percentile(99) / 1e6 } satisfies Answer);
    } else if (question === 'memory') {
      void collect().then(() => {
        process.send?.({ rss: process.memoryUsage().rss } satisfies Answer);
      });
    } else {
      const { user, system } = process.cpuUsage();
      process.send?.({ cpuMs: (user + system) / 1000 } satisfies Answer);
    }
  });
}

/** What one collection finalizes the next one frees, and pages go back to the system a moment later. */
async function collect(): Promise<void> {
  for (let times = 0; times < COLLECTIONS; times++) {
    globalThis.gc?.();
    await delay(SETTLE_MS);
  }
}

export async function ask(child: ChildProcess, question: Question): Promise<Answer> {
  const answer = once(child, 'message');
  child.send(question);
  return ((await answer) as [Answer])[0];
}

export interface IdleProcess extends AsyncDisposable {
  readonly child: ChildProcess;
}

export function startIdleProcess(): IdleProcess {
  const child = fork(new URL('./idle-process.ts', import.meta.url));
  return {
    child,
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** Both processes' delays, in milliseconds at the 99th percentile, while `work` goes on. */
export async function delaysDuring(
  hub: ChildProcess,
  idle: ChildProcess,
  work: () => Promise<void>,
): Promise<{ readonly hub: number; readonly idle: number }> {
  await Promise.all([ask(hub, 'start'), ask(idle, 'start')]);
  await work();
  const [ofHub, ofIdle] = await Promise.all([ask(hub, 'stop'), ask(idle, 'stop')]);
  return { hub: ofHub.delayP99 ?? NaN, idle: ofIdle.delayP99 ?? NaN };
}
