/** A process in which nothing goes on any more (Linux). */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 1;
/** Stopped, or within a call to the disk from which it will not come back to its own code. */
const STILL = /^[TtDZX]$/;

/** SIGSTOP; resolves once none of its threads runs. */
export async function stopAll(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  while (!states(pid).every((state) => STILL.test(state))) await delay(PAUSE_MS);
}

function states(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    // The name before it may hold anything, brackets included.
    return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  });
}
