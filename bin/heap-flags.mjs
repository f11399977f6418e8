// How large the heap of the hub's process grows. Syntax of old Nodes only.
import { setFlagsFromString } from 'node:v8';

/**
 * By itself V8 lets the young part of the heap grow to some 130 MB, and keeps it: more than all the rest of the hub. It is
 * settled when the process starts.
 */
export const HEAP_FLAGS = ['--max-semi-space-size=8'];
/** The old part is collected when it has grown by half, not by two or three times; settled whenever it is. */
const GROWING = '--heap-growing-percent=50';

const SAID = /--max[-_]semi[-_]space[-_]size/;

/**
 * Has this process take as little memory as a hub needs: starts it again, as the same process, unless its flags say how
 * large the young part may be. Where that cannot be (Windows, Node before 22.15, or a parent that holds a channel), it
 * returns, and the hub takes more.
 */
export function limitHeap() {
  setFlagsFromString(GROWING);
  const said = process.execArgv.concat(process.env.NODE_OPTIONS || '').join(' ');
  if (SAID.test(said) || process.channel || process.platform === 'win32') return;
  if (typeof process.execve !== 'function') return;
  const args = [process.argv0].concat(HEAP_FLAGS, process.execArgv, process.argv.slice(1));
  process.execve(process.execPath, args, process.env);
}
