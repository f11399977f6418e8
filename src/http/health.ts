/** Whether the hub lives, and whether it can take writes. */
import { Hono } from 'hono';
import type { HealthSummary } from '../features/health/service.ts';
import type { HubEnv } from './types.ts';

/** Whether the store takes writes, why not, and how the parts do. */
export interface Readiness extends Partial<HealthSummary> {
  readonly writable: boolean;
  readonly reason?: string;
}

export interface HealthOptions {
  readonly version: string;
  readonly health: () => Readiness | Promise<Readiness>;
  /** Monotonic milliseconds since the start. */
  readonly uptimeMs: () => number;
}

export function healthRoutes({ version, health, uptimeMs }: HealthOptions): Hono<HubEnv> {
  const body = (status: string) => ({ status, version, uptime_s: Math.floor(uptimeMs() / 1_000) });
  const app = new Hono<HubEnv>();
  app.get('/health', (c) => c.json(body('ok')));
  app.get('/health/ready', async (c) => {
    const { writable, reason = 'The store takes no writes.', status, parts } = await health();
    const summary = { ...(status === undefined ? {} : { health: status }), ...(parts && { parts }) };
    if (writable) return c.json({ ...body('ready'), ...summary });
    return c.json({ ...body('unavailable'), reason, ...summary }, 503);
  });
  return app;
}
