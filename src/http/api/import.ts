/** `/api/v1/import`: JSON lines of any length, read as fast as they are stored. */
import { z } from 'zod';
import { splitLines } from '../../lib/lines.ts';
import { uploadOf } from '../upload.ts';
import { refuseQuery } from './arguments.ts';
import { whileGood } from './context.ts';
import type { Endpoint } from './endpoint.ts';

/** A line holds one message, whose content is bounded by a setting; this bounds the memory of whatever is sent. */
const MAX_LINE_CHARS = 4 * 1024 * 1024;

const reportShape = z.object({
  lines: z.number(),
  imported: z.number().describe('messages'),
  already_there: z.number().describe('lines that an earlier import had stored'),
  sessions: z.number(),
  memory: z.number().describe('entries; only if there were some').optional(),
  failed: z.number(),
  problems: z
    .array(z.object({ line: z.number(), problem: z.string() }))
    .describe('the first of what could not be stored, or not as it was'),
});

export const importEndpoint: Endpoint = {
  method: 'POST',
  path: '/import',
  id: 'importLines',
  tag: 'Transfer',
  summary:
    'Stores messages, sessions and memory from JSON lines of any number; a bad line is reported, and the rest goes on. What is there already is not stored again.',
  permission: 'admin',
  input: z.strictObject({}),
  takes: 'application/x-ndjson',
  sample: {
    ...{ id: 'm1', session: 'parser', sender: 'reviewer', timestamp: '2026-03-01T10:00:00.000Z' },
    content: 'The lexer is done.',
  },
  output: { schema: reportShape },
  answer: (c, deps) =>
    whileGood(c, deps, async (ctx) => {
      refuseQuery(c);
      return c.json(await deps.services.imports.run(ctx, splitLines(uploadOf(c), MAX_LINE_CHARS)));
    }),
};
