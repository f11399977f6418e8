/** A tool that does nothing: what a call of it costs is what every call costs. */
import { z } from 'zod';
import { defineTool } from '../src/mcp/tool.ts';

export const noop = defineTool({
  name: 'noop',
  title: 'No operation',
  description: 'Takes what add_message takes and does nothing.',
  permission: 'write',
  rate: 'messages',
  core: false,
  hints: { readOnly: false, idempotent: true, destructive: false },
  input: z.strictObject({ session_id: z.string(), content: z.string() }),
  output: z.object({ message_id: z.number(), timestamp: z.string() }),
  handler: () => Promise.resolve({ message_id: 1, timestamp: new Date().toISOString() }),
});
