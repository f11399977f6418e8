/** What was said since a time, in one session or in all. */
import { z } from 'zod';
import { type Message, messageShape, sessionShape } from '../../mcp/shapes.ts';
import type { HubClient } from '../client.ts';

export interface Since {
  readonly session: string | undefined;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly signal: AbortSignal;
}

export interface History {
  /** In the order in which they were stored. */
  readonly messages: readonly Message[];
  /** Whether there are more than are held at once: the newest are there. */
  readonly isCut: boolean;
}

const MOST_MESSAGES = 10_000;
const SESSIONS_PAGE = 100;
const MESSAGES_PAGE = 200;

const sessionsSchema = z.object({ sessions: z.array(sessionShape), next_cursor: z.string().optional() });
const messagesSchema = z.object({ messages: z.array(messageShape), has_more: z.boolean() });

/** @throws CliError */
export async function messagesSince(client: HubClient, given: Since): Promise<History> {
  const { session } = given;
  let messages: Message[] = [];
  let isCut = false;
  for (const id of session === undefined ? await sessionsSince(client, given) : [session]) {
    messages.push(...(await messagesOf(client, id, given)));
    if (messages.length <= MOST_MESSAGES) continue;
    messages = messages.sort((a, b) => a.id - b.id).slice(-MOST_MESSAGES);
    isCut = true;
  }
  return { messages: messages.sort((a, b) => a.id - b.id), isCut };
}

/** Latest activity first, so that a page without any ends the search. */
async function sessionsSince(client: HubClient, { since, signal }: Since): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const query = { cursor, limit: SESSIONS_PAGE };
    const page = await client.read(sessionsSchema, '/api/v1/sessions', { query, signal });
    const active = page.sessions.filter(
      ({ last_message_at: last }) => last !== null && Date.parse(last) >= since,
    );
    ids.push(...active.map(({ session_id: id }) => id));
    cursor = active.length === 0 ? undefined : page.next_cursor;
  } while (cursor !== undefined);
  return ids;
}

/** Backwards to the first older one; what was imported meanwhile carries times of its own. */
async function messagesOf(client: HubClient, session: string, { since, signal }: Since): Promise<Message[]> {
  const path = `/api/v1/sessions/${encodeURIComponent(session)}/messages`;
  const isOld = ({ timestamp }: Message): boolean => Date.parse(timestamp) < since;
  const messages: Message[] = [];
  let before: number | undefined;
  for (;;) {
    const query = { limit: MESSAGES_PAGE, before_id: before };
    const page = await client.read(messagesSchema, path, { query, signal });
    messages.push(...page.messages.filter((message) => !isOld(message)));
    before = page.messages[0]?.id;
    const isReached = page.messages.some((message) => isOld(message) && message.imported !== true);
    if (!page.has_more || isReached || messages.length >= MOST_MESSAGES) return messages;
  }
}
