/** `schub sessions list|show|close`. */
import { z } from 'zod';
import { messageShape, sessionShape } from '../mcp/shapes.ts';
import type { HubClient } from './client.ts';
import { MESSAGE_TABLE } from './messages.ts';
import { EXIT, type Output } from './output.ts';
import { plain } from './table.ts';

const listSchema = z.object({ sessions: z.array(sessionShape), next_cursor: z.string().optional() });
const sessionSchema = z.object({ session: sessionShape });
const messagesSchema = z.object({
  messages: z.array(messageShape),
  has_more: z.boolean(),
  total_count: z.number(),
});

export interface SessionsDeps {
  readonly client: HubClient;
  readonly output: Output;
}

const PAGE = 100;

export interface ListFilter {
  readonly query?: string;
  readonly limit: number;
}

/** Prints the sessions with the latest activity first. */
export async function listSessions(
  { client, output }: SessionsDeps,
  { query, limit }: ListFilter,
): Promise<number> {
  const sessions: z.infer<typeof sessionShape>[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.read(listSchema, '/api/v1/sessions', {
      query: { query, cursor, limit: Math.min(limit - sessions.length, PAGE) },
    });
    sessions.push(...page.sessions);
    cursor = page.next_cursor;
  } while (cursor !== undefined && sessions.length < limit);
  output.list({
    name: 'sessions',
    items: sessions,
    headers: ['SESSION', 'STATE', 'MESSAGES', 'LAST ACTIVITY', 'CREATED BY', 'PURPOSE'],
    row: (session) => [
      session.session_id,
      session.is_active ? 'active' : 'closed',
      String(session.message_count),
      session.last_message_at ?? session.created_at,
      session.created_by,
      session.purpose,
    ],
  });
  if (cursor !== undefined && !output.json) output.note(`More than ${limit}; see them with --limit.`);
  return EXIT.ok;
}

/** Closes a session. Answers the exit code. */
export async function closeSession({ client, output }: SessionsDeps, id: string): Promise<number> {
  const path = `/api/v1/sessions/${encodeURIComponent(id)}`;
  const closed = await client.read(sessionSchema, path, { method: 'PATCH', json: { is_active: false } });
  if (output.json) output.document(closed);
  else output.line(`${closed.session.session_id} is closed`);
  return EXIT.ok;
}

/** Prints a session and its newest messages, oldest of them first. */
export async function showSession(
  { client, output }: SessionsDeps,
  id: string,
  limit: number,
): Promise<number> {
  const path = `/api/v1/sessions/${encodeURIComponent(id)}`;
  const { session } = await client.read(sessionSchema, path);
  const page = await client.read(messagesSchema, `${path}/messages`, { query: { limit } });
  if (!output.json) {
    const state = session.is_active ? 'active' : 'closed';
    output.note(`${plain(session.purpose)} (${state}, by ${session.created_by})`);
    output.note(`${page.messages.length} of ${page.total_count} messages`);
  }
  const { messages, ...more } = page;
  output.list({ ...MESSAGE_TABLE, items: messages, more: { session, ...more } });
  return EXIT.ok;
}
