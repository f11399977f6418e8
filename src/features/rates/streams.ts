/** How many event streams a key holds open at once. */
import { quotaExceeded } from '../limits.ts';

export interface StreamQuota {
  /**
   * Counts a stream; answers what takes it off again, to be called once. A stream of the same `name` replaces the one
   * before, and does not count besides it while that one ends.
   * @throws HubError QUOTA_EXCEEDED
   */
  open(keyId: string, name: string): () => void;
}

export function createStreamQuota(max: number): StreamQuota {
  /** By key, then how many streams are open under a name. */
  const streams = new Map<string, Map<string, number>>();
  return {
    open(keyId, name) {
      const own = streams.get(keyId) ?? new Map<string, number>();
      const before = own.get(name) ?? 0;
      if (before === 0 && own.size >= max) {
        throw quotaExceeded('Another event stream under this key', max, 'Close streams that are not used.');
      }
      streams.set(keyId, own.set(name, before + 1));
      return () => {
        const left = (own.get(name) ?? 0) - 1;
        if (left > 0) own.set(name, left);
        else own.delete(name);
        if (own.size === 0) streams.delete(keyId);
      };
    },
  };
}
