/** `/metrics`, `/api/v1/metrics…` and `/api/v1/health`: how the hub does, for its operators. */
import { Hono } from 'hono';
import { z } from 'zod';
import { HEALTH } from '../../features/health/service.ts';
import {
  LONGEST_WINDOW_SECONDS,
  SHORTEST_STEP_SECONDS,
  type SeriesQuery,
} from '../../features/metrics/service.ts';
import { performanceReport, performanceShape, seriesShape, toSeries } from '../../mcp/performance.ts';
import { time } from '../../mcp/tools/fields.ts';
import { getPerformanceMetrics, performanceInput } from '../../mcp/tools/get-performance-metrics.ts';
import type { HubEnv } from '../types.ts';
import { contextOf, type ApiDeps } from './context.ts';
import { defineEndpoint } from './endpoint.ts';
import { AT } from './openapi/examples.ts';

const status = z.enum(HEALTH);

export const seriesInput = z.strictObject({
  from: time.optional(),
  to: time.optional(),
  step: z.int().min(SHORTEST_STEP_SECONDS).max(LONGEST_WINDOW_SECONDS).optional().describe('seconds'),
});

export function toQuery({ from, to, step }: z.output<typeof seriesInput>): SeriesQuery {
  return {
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
    ...(step === undefined ? {} : { stepMs: step * 1000 }),
  };
}

export const metricsEndpoints = [
  // Not as the tool: whoever looks often would be most of what is seen.
  defineEndpoint({
    method: 'GET',
    path: '/metrics',
    id: 'getMetrics',
    tag: 'Metrics',
    summary: getPerformanceMetrics.description,
    permission: 'admin',
    input: performanceInput,
    sample: { window_seconds: 300 },
    output: { schema: performanceShape },
    handler: (deps, ctx, input) => performanceReport(deps, ctx, input.window_seconds),
  }),

  defineEndpoint({
    method: 'GET',
    path: '/metrics/series',
    id: 'getMetricsSeries',
    tag: 'Metrics',
    summary: 'What was measured, step by step, over a day at most. Times are of the starts of steps.',
    permission: 'admin',
    input: seriesInput,
    sample: { step: 60 },
    output: { schema: seriesShape, example: { from: AT, to: AT } },
    handler: async ({ services: { metrics } }, ctx, input) => toSeries(metrics.series(ctx, toQuery(input))),
  }),

  defineEndpoint({
    method: 'GET',
    path: '/health',
    id: 'getHealthReport',
    tag: 'Health',
    summary: 'How each part of the hub does, and why.',
    permission: 'admin',
    input: z.strictObject({}),
    sample: {},
    output: {
      schema: z.object({
        status,
        parts: z.array(z.object({ part: z.string(), status, reason: z.string().optional() })),
      }),
    },
    async handler({ services: { health } }, ctx) {
      const { status, parts } = await health.report(ctx);
      return { status, parts: [...parts] };
    },
  }),
];

/** `/metrics`, where a credential has been verified. */
export function prometheusRoutes(deps: ApiDeps): Hono<HubEnv> {
  const routes = new Hono<HubEnv>();
  routes.get('/metrics', async (c) => {
    const { contentType, text } = await deps.services.metrics.prometheus(await contextOf(c, deps));
    return c.body(text, 200, { 'Content-Type': contentType });
  });
  return routes;
}
