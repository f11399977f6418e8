/** `POST /api/v1/admin/profile`: what the hub does with its time, as a file that browsers and editors open. */
import { z } from 'zod';
import { LONGEST_PROFILE_SECONDS, SHORTEST_PROFILE_SECONDS } from '../../features/profiling/service.ts';
import { exemptFromLimits } from '../request-timeout.ts';
import { readArguments } from './arguments.ts';
import { parser, whileGood } from './context.ts';
import type { Endpoint } from './endpoint.ts';

const MEDIA = 'application/json';
const input = z.strictObject({
  seconds: z
    .number()
    .min(SHORTEST_PROFILE_SECONDS)
    .max(LONGEST_PROFILE_SECONDS)
    .default(10)
    .describe('how long the hub is watched'),
});
const check = parser(input);

const line = z.number().describe('from 0');
const functionShape = z.object({
  id: z.number(),
  callFrame: z.object({
    ...{ functionName: z.string(), scriptId: z.string(), url: z.string() },
    ...{ lineNumber: line, columnNumber: line },
  }),
  hitCount: z.number().optional().describe('samples'),
  children: z.array(z.number()).optional(),
  deoptReason: z.string().optional(),
  positionTicks: z.array(z.object({ line: z.number(), ticks: z.number() })).optional(),
});
/** As V8 has it. Times are microseconds. */
const profileShape = z.object({
  nodes: z.array(functionShape).describe('a tree'),
  startTime: z.number(),
  endTime: z.number(),
  samples: z.array(z.number()).optional().describe('ids of nodes'),
  timeDeltas: z.array(z.number()).optional(),
});

export const profileEndpoint: Endpoint = {
  ...{ method: 'POST', path: '/admin/profile', id: 'takeProfile', tag: 'Metrics', permission: 'admin' },
  summary:
    'Watches the hub while it works, and answers a .cpuprofile of what its processor time went to; one at a time.',
  input,
  inQuery: true,
  sample: { seconds: 0.5 },
  output: {
    schema: profileShape,
    example: { nodes: [], startTime: 0, endTime: 500_000, samples: [], timeDeltas: [] },
  },
  errors: ['QUOTA_EXCEEDED'],
  answer: (c, deps) =>
    whileGood(c, deps, async (ctx) => {
      const { seconds } = check(await readArguments(c, input, true));
      // It waits on purpose.
      exemptFromLimits(c);
      const profile = await deps.services.profiling.take(ctx, seconds);
      return c.body(profile, 200, {
        'content-type': MEDIA,
        'content-disposition': 'attachment; filename="hub.cpuprofile"',
      });
    }),
};
