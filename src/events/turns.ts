/**
 * Work of many, a piece in each turn of the event loop: whatever else waits gets its turn between two of them, and while one
 * waits for its own, what it will have to do comes together.
 */
export function createTurns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const next = (): void => {
    waiting.shift()?.();
    // One that is set within a turn comes in the one after.
    if (waiting.length > 0) setImmediate(next);
  };
  /** Resolves when it is the caller's turn, in the order of the calls. */
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(next);
    });
}
