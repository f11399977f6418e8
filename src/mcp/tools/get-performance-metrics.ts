import { z } from 'zod';
import { LONGEST_WINDOW_SECONDS } from '../../features/metrics/service.ts';
import { DEFAULT_WINDOW_SECONDS, performanceReport, performanceShape } from '../performance.ts';
import { defineTool } from '../tool.ts';

export const performanceInput = z.strictObject({
  window_seconds: z.int().min(1).max(LONGEST_WINDOW_SECONDS).default(DEFAULT_WINDOW_SECONDS),
});

export const getPerformanceMetrics = defineTool({
  name: 'get_performance_metrics',
  title: 'Get performance metrics',
  description: 'How the hub does: calls, errors and times by tool, store, caches, search, listeners, health.',
  permission: 'admin',
  wholeHub: true,
  core: false,
  rate: 'reads',
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: performanceInput,
  output: performanceShape,
  handler: (hub, ctx, input) => performanceReport(hub, ctx, input.window_seconds),
});
