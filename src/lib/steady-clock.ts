/** Time that only goes forward, whatever is done to the clock on the wall. */
export interface SteadyClock {
  /** Milliseconds since some moment of this process. */
  now(): number;
  /** Does `work` after so many milliseconds, unless what is answered is called before. Keeps no process alive. */
  after(ms: number, work: () => void): () => void;
}

export const steadyClock: SteadyClock = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
};
