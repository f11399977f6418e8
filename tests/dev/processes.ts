/** What the system says of processes. */
import { existsSync, readFileSync } from 'node:fs';

/** Whether this system tells. */
export const TELLS_PROCESSES = existsSync('/proc/self/task');

export function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** A process that has ended and that nobody asked for its exit code counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
