/** What ends a sleep: somebody rings, the time is over, or the call has ended. While nothing does, nothing runs. */

export interface AlarmOptions {
  /** After how many milliseconds the time is over; 0: at once. */
  readonly ms: number;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

export class Alarm implements Disposable {
  readonly #signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  #bell = Promise.withResolvers<undefined>();
  #isOver: boolean;

  constructor({ ms, signal }: AlarmOptions) {
    this.#signal = signal;
    this.#isOver = ms === 0;
    this.#timer = setTimeout(() => this.end(), ms);
    signal.addEventListener('abort', this.#ring, { once: true });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  ring(): void {
    this.#bell.resolve(undefined);
  }

  /** Rings, for the time is over, or is to be. */
  end(): void {
    this.#isOver = true;
    this.ring();
  }

  /** From here on a ring is heard by the next {@link sleep}. */
  set(): void {
    this.#bell = Promise.withResolvers();
  }

  /** Until it rings, or has rung since it was {@link set}. */
  sleep(): Promise<unknown> {
    return this.#bell.promise;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#ring);
  }

  readonly #ring = (): void => this.ring();
}
