/** One process that runs, or is about to run, the hub. It loads the packages at once, the hub's code when told to. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { FromHub, ToHub } from './messages.ts';

export interface HubProcess {
  /** The exit code, null where a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Tells it to load the hub; `onMessage` gets what it says. */
  load(onMessage: (message: FromHub) => void): void;
  tell(message: ToHub): void;
  /** Asks it to stop, and kills it if it has not within `graceMs`. Resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  kill(): void;
}

export function startHubProcess(root: string, args: readonly string[]): HubProcess {
  const child = spawn(process.execPath, [path.join(root, 'scripts', 'dev', 'hub.ts'), ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      // Compiled code is kept from one start to the next: a quarter of the time to start.
      NODE_COMPILE_CACHE: path.join(root, 'node_modules', '.cache', 'dev'),
      ...process.env,
    },
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const tell = (message: ToHub): void => {
    // It may be gone already, which `exited` tells.
    if (child.connected) child.send(message, () => undefined);
  };
  return {
    exited,
    tell,
    load(onMessage) {
      child.on('message', (message) => onMessage(message as FromHub));
      tell({ kind: 'load' });
    },
    async stop(graceMs) {
      // The end of the channel is a request to stop, on every platform. Ctrl-C has told it already, and a second
      // signal would end it at once.
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
}
