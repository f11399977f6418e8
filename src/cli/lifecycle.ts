/** How the process of a hub is asked to end. */

export interface StopRequest {
  /** Aborted by the first of SIGTERM, SIGINT, or the end of the process that started this one. */
  readonly signal: AbortSignal;
  /** Resolves when `signal` aborts. */
  readonly requested: Promise<void>;
}

/** One Ctrl-C may come two or three times: from the terminal, from npm and from the script that passes signals on. */
const SAME_REQUEST_MS = 1_000;

/** Listens for the requests to stop; a second one, a while later, ends the process at once. */
export function watchForStop(): StopRequest {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let first = 0;
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      if (performance.now() - first > SAME_REQUEST_MS) process.exit(130);
      return;
    }
    first = performance.now();
    controller.abort();
    resolve(undefined);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  if (process.connected) {
    process.once('disconnect', () => {
      if (!controller.signal.aborted) onSignal();
    });
    // Listening must not keep a process alive that could not start.
    process.channel?.unref();
  }
  return { signal: controller.signal, requested: promise };
}

/** Ends the process with `code` if it still lives after `ms`: something forgotten holds it. */
export function endWithin(ms: number, code: number): void {
  setTimeout(() => process.exit(code), ms).unref();
}

/**
 * After an uncaught exception nothing can be trusted: `lastWords` logs it and closes the store, then the process ends. Unless
 * it is of those that `spared` knows: they are somebody else's, and concern nothing of the hub.
 */
export function endOnUncaught(
  spared: (error: unknown) => boolean,
  lastWords: (error: unknown) => Promise<void>,
): void {
  let ending = false;
  process.on('uncaughtException', (error) => {
    if (ending || spared(error)) return;
    ending = true;
    endWithin(5_000, 1);
    void lastWords(error).finally(() => process.exit(1));
  });
}
