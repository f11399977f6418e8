/** Gathers what is to be sent, and sends it a batch at a time. */

export interface Batches<T> {
  /** Dropped where too many wait, and after the end. */
  add(item: T): void;
  /** Sends what waits. */
  close(): Promise<void>;
}

export interface BatchesOptions<T> {
  /** Never rejects; what it cannot send is lost. */
  readonly send: (items: readonly T[]) => Promise<void>;
  /** Of one batch. */
  readonly max: number;
  /** That wait at most. */
  readonly maxQueue: number;
  /** How long the first of a batch that is not full waits. */
  readonly delayMs: number;
}

export function createBatches<T>({ send, max, maxQueue, delayMs }: BatchesOptions<T>): Batches<T> {
  let waiting: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let closed = false;

  async function sendOne(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting.slice(0, max);
    waiting = waiting.slice(max);
    await send(batch);
    sending = undefined;
    if (!closed) arrange();
  }

  function arrange(): void {
    if (sending !== undefined) return;
    if (waiting.length >= max) sending = sendOne();
    else if (waiting.length > 0) timer ??= later();
  }

  function later(): NodeJS.Timeout {
    return setTimeout(() => {
      sending ??= sendOne();
    }, delayMs).unref();
  }

  return {
    add(item) {
      if (closed || waiting.length >= maxQueue) return;
      waiting.push(item);
      arrange();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await sending;
      while (waiting.length > 0) await sendOne();
    },
  };
}
