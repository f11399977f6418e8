/** What ends a sleep: somebody rings, the time is over, or the call has ended. While nothing does, nothing runs. */

export interface AlarmOptions {
  /** After how many milliseconds the time is over; 0: at once. */
  readonly ms: number;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  /** Aborts when the time is over early. */
  readonly closing: AbortSignal;
  readonly tickMs: number;
  /** Called every `tickMs`, with the milliseconds gone by. */
  readonly onTick: (elapsedMs: number) => void;
}

export class Alarm implements Disposable {
  readonly #options: AlarmOptions;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #ticker: NodeJS.Timeout;
  #bell = Promise.withResolvers<undefined>();
  #isOver: boolean;

  constructor(options: AlarmOptions) {
    const { ms, signal, closing, tickMs, onTick } = options;
    this.#options = options;
    this.#isOver = ms === 0 || closing.aborted;
    this.#timer = setTimeout(this.#end, ms);
    this.#ticker = setInterval(() => onTick(performance.now() - this.#started), tickMs);
    signal.addEventListener('abort', this.ring, { once: true });
    closing.addEventListener('abort', this.#end, { once: true });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  readonly ring = (): void => {
    this.#bell.resolve(undefined);
  };

  /** From here on a ring is heard by the next {@link sleep}. */
  set(): void {
    this.#bell = Promise.withResolvers();
  }

  /** Until it rings, or has rung since it was {@link set}. */
  async sleep(): Promise<void> {
    await this.#bell.promise;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearInterval(this.#ticker);
    this.#options.signal.removeEventListener('abort', this.ring);
    this.#options.closing.removeEventListener('abort', this.#end);
  }

  readonly #end = (): void => {
    this.#isOver = true;
    this.ring();
  };
}
