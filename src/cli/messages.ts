/** `schub messages list|send`. */
import { text as readAll } from 'node:stream/consumers';
import { z } from 'zod';
import { messageShape } from '../mcp/shapes.ts';
import type { HubClient } from './client.ts';
import { EXIT, type Output } from './output.ts';

export interface MessagesDeps {
  readonly client: HubClient;
  readonly output: Output;
}

type Message = z.infer<typeof messageShape>;

const pageSchema = z.object({ messages: z.array(messageShape), has_more: z.boolean() });
const postedSchema = z.object({
  message_id: z.number(),
  timestamp: z.string(),
  unknown_recipients: z.array(z.string()).optional(),
});

const PAGE = 200;
/** What a command line cannot hold comes from standard input. */
const STDIN = '-';

/** How messages are listed. */
export const MESSAGE_TABLE = {
  name: 'messages',
  headers: ['ID', 'TIME', 'TYPE', 'SENDER', 'CONTENT'],
  row({ id, timestamp, message_type: type, visibility, sender, content }: Message): readonly string[] {
    return [
      String(id),
      timestamp,
      visibility === 'public' ? type : `${type}, ${visibility}`,
      sender,
      content,
    ];
  },
} as const;

export interface MessageFilter {
  readonly session: string;
  readonly limit: number;
  /** Only messages after this one. */
  readonly after?: number;
}

/** Prints messages of a session, oldest first: the newest, or those after one. Answers the exit code. */
export async function listMessages(
  { client, output }: MessagesDeps,
  { session, limit, after }: MessageFilter,
): Promise<number> {
  const path = `/api/v1/sessions/${encodeURIComponent(session)}/messages`;
  let messages: Message[] = [];
  let more = true;
  while (more && messages.length < limit) {
    const from =
      after === undefined ? { before_id: messages[0]?.id } : { after_id: messages.at(-1)?.id ?? after };
    const page = await client.read(pageSchema, path, {
      query: { limit: Math.min(limit - messages.length, PAGE), ...from },
    });
    messages = after === undefined ? [...page.messages, ...messages] : [...messages, ...page.messages];
    more = page.has_more;
  }
  output.list({ ...MESSAGE_TABLE, items: messages, more: { has_more: more } });
  if (more && !output.json) output.note('There are more; see them with --limit.');
  return EXIT.ok;
}

export interface MessageToSend {
  readonly session: string;
  /** `-`: what standard input holds. */
  readonly content: string;
  readonly to: readonly string[];
  readonly type?: string;
  readonly visibility?: string;
  readonly replyTo?: number;
}

/** Posts a message as the agent of the key in use. Answers the exit code. */
export async function sendMessage(
  { client, output }: MessagesDeps,
  { session, content, to, type, visibility, replyTo }: MessageToSend,
): Promise<number> {
  const posted = await client.read(postedSchema, `/api/v1/sessions/${encodeURIComponent(session)}/messages`, {
    json: {
      content: content === STDIN ? await readAll(process.stdin) : content,
      ...(to.length === 0 ? {} : { to }),
      ...{ message_type: type, visibility, parent_message_id: replyTo },
    },
  });
  for (const name of posted.unknown_recipients ?? []) output.note(`No agent is called ${name} yet.`);
  if (output.json) output.document(posted);
  else output.line(String(posted.message_id));
  return EXIT.ok;
}
