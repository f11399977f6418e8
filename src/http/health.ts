/** Whether the hub lives, and whether it can take writes. */
import { Hono } from 'hono';
import type { StoreHealth } from '../store/port.ts';
import type { HubEnv } from './types.ts';

export interface HealthOptions {
  readonly version: string;
  readonly health: () => StoreHealth;
  /** Monotonic milliseconds since the start. */
  readonly uptimeMs: () => number;
}

export function healthRoutes({ version, health, uptimeMs }: HealthOptions): Hono<HubEnv> {
  const body = (status: string) => ({ status, version, uptime_s: Math.floor(uptimeMs() / 1_000) });
  const app = new Hono<HubEnv>();
  app.get('/health', (c) => c.json(body('ok')));
  app.get('/health/ready', (c) => {
    const { writable, reason } = health();
    if (writable) return c.json(body('ready'));
    return c.json({ ...body('unavailable'), reason: reason ?? 'The store takes no writes.' }, 503);
  });
  return app;
}
