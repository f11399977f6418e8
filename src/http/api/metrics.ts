/** `/metrics`, `/api/v1/metrics` and `/api/v1/health`: how the hub does, for its operators. */
import { Hono } from 'hono';
import { z } from 'zod';
import { LONGEST_WINDOW_SECONDS, SHORTEST_STEP_SECONDS } from '../../features/metrics/service.ts';
import { DEFAULT_WINDOW_SECONDS, performanceReport, toSeries } from '../../mcp/performance.ts';
import { time } from '../../mcp/tools/fields.ts';
import type { HubEnv } from '../types.ts';
import { contextOf, parser, queryOf, type ApiDeps } from './context.ts';

const seconds = (min: number) => z.coerce.number().int().min(min).max(LONGEST_WINDOW_SECONDS);

const windowQuery = parser(z.strictObject({ window_seconds: seconds(1).default(DEFAULT_WINDOW_SECONDS) }));
const seriesQuery = parser(
  z.strictObject({
    from: time.optional(),
    to: time.optional(),
    step: seconds(SHORTEST_STEP_SECONDS).optional(),
  }),
);

/** Below `/api/v1/metrics`. */
export function metricsRoutes(deps: ApiDeps): Hono<HubEnv> {
  const routes = new Hono<HubEnv>();
  routes.get('/', async (c) => {
    const ctx = await contextOf(c, deps);
    return c.json(await performanceReport(deps, ctx, windowQuery(queryOf(c)).window_seconds));
  });
  routes.get('/series', async (c) => {
    const ctx = await contextOf(c, deps);
    const { from, to, step } = seriesQuery(queryOf(c));
    const series = deps.services.metrics.series(ctx, {
      ...(from === undefined ? {} : { from: Date.parse(from) }),
      ...(to === undefined ? {} : { to: Date.parse(to) }),
      ...(step === undefined ? {} : { stepMs: step * 1000 }),
    });
    return c.json(toSeries(series));
  });
  return routes;
}

/** Below `/api/v1/health`. */
export function healthReportRoutes(deps: ApiDeps): Hono<HubEnv> {
  const routes = new Hono<HubEnv>();
  routes.get('/', async (c) => c.json(await deps.services.health.report(await contextOf(c, deps))));
  return routes;
}

/** `/metrics`, where a credential has been verified. */
export function prometheusRoutes(deps: ApiDeps): Hono<HubEnv> {
  const routes = new Hono<HubEnv>();
  routes.get('/metrics', async (c) => {
    const { contentType, text } = await deps.services.metrics.prometheus(await contextOf(c, deps));
    return c.body(text, 200, { 'Content-Type': contentType });
  });
  return routes;
}
