import { z } from 'zod';
import { sessionFilters, sessionPage, sessionPageShape } from '../session-listing.ts';
import { defineTool } from '../tool.ts';
import { maxTokens } from './fields.ts';

export const listSessions = defineTool({
  name: 'list_sessions',
  title: 'List sessions',
  description: 'Sessions, latest activity first. query finds text in their purpose, typing errors forgiven.',
  permission: 'read',
  rate: 'reads',
  core: true,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({ ...sessionFilters, max_tokens: maxTokens }),
  output: sessionPageShape,
  handler: (hub, ctx, input) =>
    sessionPage(hub, ctx, input, { maxTokens: input.max_tokens, maxBytes: hub.maxResponseBytes }),
});
