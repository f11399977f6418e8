/** Events that are in no log wait here for a plugin, as many as there is room for; the oldest go first. */

export interface Queue<T> {
  /** False: there was no room, and the oldest is gone. */
  add(one: T): boolean;
  readonly size: number;
  /** Whether some have been lost since it was empty the last time. */
  readonly losing: boolean;
  /** Resolves when nothing waits and nothing is being handled. */
  readonly idle: () => Promise<void>;
}

/** Gives one after the other to `handle`, which must not throw. */
export function createQueue<T>(max: number, handle: (one: T) => Promise<void>): Queue<T> {
  const waiting: T[] = [];
  let working: Promise<void> | undefined;
  let losing = false;

  async function work(): Promise<void> {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await handle(one);
    losing = false;
    working = undefined;
  }

  return {
    add(one) {
      const full = waiting.length >= max;
      if (full) waiting.shift();
      losing ||= full;
      waiting.push(one);
      working ??= work();
      return !full;
    },
    get size() {
      return waiting.length;
    },
    get losing() {
      return losing;
    },
    idle: async () => working,
  };
}
