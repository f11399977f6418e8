/** `/api/v1/search/…`: an operator looks after the index. */
import { z } from 'zod';
import { INDEX_STATES } from '../../features/search/service.ts';
import { defineEndpoint } from './endpoint.ts';

const statusShape = z.object({
  state: z.enum(INDEX_STATES).describe('down: searches cover the newest messages only; see the log'),
  indexed: z.number().describe('how far the index is, as a position in the log of events'),
  last: z.number().describe('how far the hub is'),
  generation: z.string().nullable().describe('another one whenever the index began again'),
});

export const searchEndpoints = [
  defineEndpoint({
    method: 'GET',
    path: '/search/status',
    id: 'getSearchStatus',
    tag: 'Search',
    summary: 'How far the index is.',
    permission: 'admin',
    input: z.strictObject({}),
    sample: {},
    output: { schema: statusShape },
    handler: async ({ services }, ctx) => services.search.status(ctx),
  }),

  defineEndpoint({
    method: 'POST',
    path: '/search/reindex',
    id: 'reindex',
    tag: 'Search',
    summary: 'Has the index made anew. Answers at once, with the state before; searches go on meanwhile.',
    permission: 'admin',
    input: z.strictObject({}),
    sample: {},
    output: { status: 202, schema: statusShape },
    handler: async ({ services }, ctx) => services.search.reindex(ctx),
  }),
];
