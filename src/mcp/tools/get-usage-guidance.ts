import { z } from 'zod';
import { GUIDANCE_TYPES, guidanceFor } from '../guidance.ts';
import { defineTool } from '../tool.ts';

export const getUsageGuidance = defineTool({
  name: 'get_usage_guidance',
  title: 'Get usage guidance',
  description: 'How to work with this hub.',
  permission: 'read',
  rate: 'reads',
  core: false,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({ guidance_type: z.enum(GUIDANCE_TYPES).default('operations') }),
  output: z.object({ access_level: z.string(), guidance: z.string(), examples: z.array(z.string()) }),
  handler: (_hub, ctx, input) => Promise.resolve(guidanceFor(input.guidance_type, ctx.principal)),
});
