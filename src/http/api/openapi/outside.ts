/** Routes that are not of the JSON API but belong to who uses it: tokens, health, and the stream of events. */
import { z } from 'zod';
import { PERMISSIONS } from '../../../context.ts';
import { HEALTH } from '../../../features/health/service.ts';
import { refreshInput, revokeInput, tokenInput } from '../../auth-routes.ts';
import { eventsInput } from '../../events/route.ts';
import type { Described } from '../endpoint.ts';

const pairShape = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number().describe('seconds'),
  refresh_token: z.string(),
  scope: z.string().describe(`some of ${PERMISSIONS.join(', ')}, with spaces between them`),
});
const healthShape = z.object({ status: z.string(), version: z.string(), uptime_s: z.number() });
const readyShape = healthShape.extend({
  health: z.enum(HEALTH).optional(),
  parts: z.record(z.string(), z.enum(HEALTH)).optional(),
});
const VERSION = { version: '1.0.0' };

export const OUTSIDE: readonly Described[] = [
  {
    ...{ method: 'POST', path: '/auth/token', id: 'issueToken', tag: 'Tokens', permission: 'read' },
    summary: 'An access token for one agent of a key, and a refresh token. Only for keys.',
    input: tokenInput,
    sample: { agent_id: 'reviewer', agent_type: 'claude', permissions: ['read', 'write'] },
    output: { schema: pairShape },
  },
  {
    ...{ method: 'POST', path: '/auth/refresh', id: 'refreshToken', tag: 'Tokens', permission: null },
    summary: 'The next pair for a refresh token, which is its own credential.',
    input: refreshInput,
    sample: { refresh_token: 'srt_Zk2m…' },
    output: { schema: pairShape },
    errors: ['AUTHENTICATION_FAILED', 'RATE_LIMITED', 'STORE_UNAVAILABLE'],
  },
  {
    ...{ method: 'POST', path: '/auth/revoke', id: 'revokeToken', tag: 'Tokens', permission: 'read' },
    summary: 'Ends a handle, an access token or a refresh token of the key, whether it exists or not.',
    input: revokeInput,
    sample: { token: 'srt_Zk2m…' },
    output: { schema: z.object({ success: z.literal(true) }) },
  },
  {
    ...{ method: 'GET', path: '/events', id: 'followEvents', tag: 'Messages', permission: 'read' },
    summary: 'What happens, as server-sent events: from now, or from `Last-Event-ID` without gap or double.',
    input: eventsInput,
    headers: { 'Last-Event-ID': 'The id of the last event that the caller has got.' },
    sample: {},
    output: { media: ['text/event-stream'] },
    errors: ['SESSION_NOT_FOUND', 'INVALID_CURSOR', 'QUOTA_EXCEEDED'],
  },
  {
    ...{ method: 'GET', path: '/health', id: 'getHealth', tag: 'Health', permission: null },
    summary: 'Whether the hub lives.',
    input: z.strictObject({}),
    sample: {},
    output: { schema: healthShape, example: VERSION },
  },
  {
    ...{ method: 'GET', path: '/health/ready', id: 'getReadiness', tag: 'Health', permission: null },
    summary: 'Whether the hub can take writes.',
    input: z.strictObject({}),
    sample: {},
    output: {
      schema: readyShape,
      example: VERSION,
      also: {
        status: 503,
        description: 'It cannot, and says why.',
        schema: readyShape.extend({ reason: z.string() }),
      },
    },
  },
  {
    ...{ method: 'GET', path: '/metrics', id: 'getPrometheusMetrics', tag: 'Metrics', permission: 'admin' },
    summary: 'What the hub measures, as Prometheus reads it.',
    input: z.strictObject({}),
    sample: {},
    output: { media: ['text/plain'] },
  },
];
