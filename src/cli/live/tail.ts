/** `schub tail`: messages as they come. */
import { normalizeSender } from '../../lib/sender.ts';
import { type Message, messageShape } from '../../mcp/shapes.ts';
import type { HubClient } from '../client.ts';
import { EXIT, type Output } from '../output.ts';
import { plain } from '../table.ts';
import { followEvents } from './follow-events.ts';
import { messagesSince } from './history.ts';

export interface TailFilter {
  readonly session: string | undefined;
  /** Of these senders only, as searches compare them. */
  readonly senders: readonly string[];
  /** Of these types only. */
  readonly types: readonly string[];
  /** Also what came since, in milliseconds since the epoch. */
  readonly since?: number;
}

export interface TailDeps {
  /** The hub as it is found now. @throws CliError */
  readonly connect: () => Promise<HubClient>;
  readonly output: Output;
  readonly signal: AbortSignal;
}

const MESSAGE_EVENTS: readonly string[] = ['message.added', 'message.updated'];

/** Prints messages until it is interrupted, or nobody reads them; answers the exit code. @throws CliError */
export async function tail({ connect, output, signal }: TailDeps, filter: TailFilter): Promise<number> {
  const { session, since } = filter;
  const isWanted = wanted(filter);
  const print = async (message: Message): Promise<boolean> =>
    !isWanted(message) || (await output.data(`${lineOf(message, output)}\n`));
  /** Those of before, which may be told again by the stream that was opened before they were read. */
  const before = new Set<number>();

  const note = (text: string): void => output.note(text);
  for await (const told of followEvents({ connect, session, signal, note })) {
    if (told.kind === 'listening') {
      if (output.errTerminal) note('Listening; Ctrl-C ends it.');
      if (since === undefined) continue;
      const history = await messagesSince(told.client, { session, since, signal });
      if (history.isCut) note(`There are more; these are the newest ${history.messages.length}.`);
      for (const message of history.messages) {
        before.add(message.id);
        if (!(await print(message))) return EXIT.ok;
      }
    } else if (MESSAGE_EVENTS.includes(told.event)) {
      const message = messageShape.parse(JSON.parse(told.data));
      if (told.event === 'message.added' && before.delete(message.id)) continue;
      if (!(await print(message))) return EXIT.ok;
    }
  }
  return EXIT.interrupted;
}

function wanted({ senders, types }: TailFilter): (message: Message) => boolean {
  const names = new Set(senders.map(normalizeSender));
  return ({ sender, message_type: type }) =>
    (names.size === 0 || names.has(normalizeSender(sender))) && (types.length === 0 || types.includes(type));
}

function lineOf(message: Message, { json, terminal, paint }: Output): string {
  if (json) return JSON.stringify(message);
  const { id, timestamp, session_id: session, message_type: type, visibility, sender, to, content } = message;
  const kind = visibility === 'public' ? type : `${type}, ${visibility}`;
  const cells = [String(id), timestamp, session, kind, sender, content].map(plain);
  if (!terminal) return cells.map((cell, column) => (column === 0 ? paint('cyan', cell) : cell)).join('\t');
  const head = `${paint('dim', `${timestamp.slice(11, 19)} ${session}`)} ${paint('cyan', plain(sender))}`;
  const addressed = to.length === 0 ? '' : ` → ${plain(to.join(', '))}`;
  return `${head}${addressed} ${paint('yellow', `[${kind}]`)} ${plain(content)}`;
}
