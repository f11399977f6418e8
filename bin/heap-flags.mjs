// What the hub's process is started with. Syntax of old Nodes only.

/**
 * By itself V8 lets the young part of the heap grow to some 130 MB, and keeps it: more than all the rest of the hub. Of a
 * quarter-MB answer nothing lives long, so that more room makes nothing quicker.
 */
export const HEAP_FLAGS = ['--max-semi-space-size=8'];

const SAID = /--max[-_]semi[-_]space[-_]size/;

/**
 * Starts this process again with the flags, as the same process, unless somebody has chosen others. Where a process cannot
 * do that (Windows, Node before 22.15), or its parent holds a channel to it, it returns, and the hub takes more memory.
 */
export function restartWithFlags() {
  const said = process.execArgv.concat(process.env.NODE_OPTIONS || '').join(' ');
  if (SAID.test(said) || process.channel || process.platform === 'win32') return;
  if (typeof process.execve !== 'function') return;
  const args = [process.argv0].concat(HEAP_FLAGS, process.execArgv, process.argv.slice(1));
  process.execve(process.execPath, args, process.env);
}
