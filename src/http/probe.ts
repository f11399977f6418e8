/** Asks an address whether a hub answers there. */
import { z } from 'zod';

const healthSchema = z.object({ status: z.string(), version: z.string(), uptime_s: z.number() });
export type HubHealth = z.output<typeof healthSchema>;

/** What `/health` says; undefined if nothing answers within the time, or it is no hub. */
export async function probeHub(url: string, timeoutMs: number): Promise<HubHealth | undefined> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(`${url}/health`, { signal, redirect: 'error' });
    return healthSchema.parse(await response.json());
  } catch {
    return undefined;
  }
}
