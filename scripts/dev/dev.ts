/** Hot reload: the front, the hub behind it and the watch over its files, until somebody ends it. */
import { createFront } from './front.ts';
import type { Supervisor } from './supervise.ts';
import { supervise } from './supervise.ts';
import { watchHub } from './watch.ts';

const HOLD_MS = 10_000;
const GRACE_MS = 300;
/** npm passes on the Ctrl-C that the terminal has sent already; a person takes longer to press it again. */
const SAME_SIGNAL_MS = 1_000;

function say(line: string): void {
  process.stderr.write(`dev: ${line}\n`);
}

/** Answers the exit code when it has ended. */
export async function runDev(root: string, args: readonly string[]): Promise<number> {
  const front = createFront({ holdMs: HOLD_MS, graceMs: GRACE_MS });
  const started: { supervisor?: Supervisor } = {};
  const stop = onStop(() => started.supervisor?.kill());
  const watch = await watchHub(
    root,
    (files) => started.supervisor?.restart(files),
    (error) => say(`cannot watch everything: ${error instanceof Error ? error.message : String(error)}`),
  );
  const supervisor = supervise({ root, args, front, say, watch: (file) => watch.add(file) });
  started.supervisor = supervisor;
  const code = await Promise.race([stop, supervisor.givenUp]);
  await supervisor.stop();
  await Promise.all([front.close(), watch.close()]);
  return code;
}

/** Resolves with 0 when the process is asked to stop; a second request ends it at once. */
function onStop(kill: () => void): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let askedAt: number | undefined;
  const onSignal = (): void => {
    const now = performance.now();
    askedAt ??= now;
    if (now - askedAt > SAME_SIGNAL_MS) {
      kill();
      process.exit(130);
    }
    resolve(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // The process of scripts/run.mjs that started this one on another Node.
  if (process.connected) {
    process.once('disconnect', onSignal);
    process.channel?.unref();
  }
  return promise;
}
