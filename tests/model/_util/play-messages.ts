/** Carries out steps with sessions, messages and cursors, and compares each answer with the model. */
import { expect } from 'vitest';
import { CAST, type ActorName, type Fields } from './actors.ts';
import { inSight, isUnknown, rootOf, sees, type ModelMessage, type ModelSession } from './messages-model.ts';
import type { Stage } from './stage.ts';
import type { StepOf } from './steps.ts';

export const pick = <T>(from: readonly T[], nth: number | undefined): T | undefined =>
  nth === undefined ? undefined : from[nth % from.length];

/** As every answer shows it to `by`. */
function shapeOf(by: ActorName, message: ModelMessage): Fields {
  const { parent } = message;
  return {
    ...{ id: message.id, session_id: message.session.id, visibility: message.visibility },
    ...{ sender: CAST[message.by].agent, sender_type: CAST[message.by].type },
    message_type: message.messageType,
    parent_message_id: parent !== null && sees(by, parent) ? parent.id : null,
  };
}

const expectMessages = (
  by: ActorName,
  shown: unknown,
  expected: readonly ModelMessage[],
  said: string,
): void => expect(shown, said).toMatchObject(expected.map((message) => shapeOf(by, message)));

export async function create(stage: Stage, { by, key }: StepOf<'create'>): Promise<void> {
  const purpose = `What ${by} wants`;
  const value = await stage.askOnce(by, key, 'create_session', { purpose }, undefined);
  if (value !== undefined)
    stage.messages.sessions.push({ id: String(value['session_id']), by, isActive: true, purpose });
}

export async function update(stage: Stage, { by, session: nth, isActive }: StepOf<'update'>): Promise<void> {
  const session = pick(stage.messages.sessions, nth);
  if (session === undefined) return;
  const mayNot = by !== session.by && !CAST[by].admin ? 'PERMISSION_DENIED' : undefined;
  const refusal = inSight(by, session) ? mayNot : 'SESSION_NOT_FOUND';
  const purpose = `${session.purpose}, and ${by} too`.slice(-200);
  const change = { purpose, ...(isActive === undefined ? {} : { is_active: isActive }) };
  const value = await stage.ask(by, 'update_session', { session_id: session.id, ...change }, refusal);
  if (value === undefined) return;
  Object.assign(session, { purpose, isActive: isActive ?? session.isActive });
  expect(value['session']).toMatchObject(sessionOf(stage, by, session));
}

function sessionOf({ messages }: Stage, by: ActorName, session: ModelSession): Fields {
  const seen = messages.seenBy(by, session);
  return {
    ...{ session_id: session.id, purpose: session.purpose, is_active: session.isActive },
    ...{ created_by: CAST[session.by].agent, message_count: seen.length },
    participants: expect.toSatisfy((names: string[]) => {
      const posters = new Set(seen.map((message) => CAST[message.by].agent));
      return names.length === posters.size && names.every((name) => posters.has(name));
    }) as unknown,
  };
}

export async function post(stage: Stage, step: StepOf<'post'>): Promise<void> {
  const { by, to, mentions, messageType, visibility, key } = step;
  const { messages } = stage;
  const session = pick(messages.sessions, step.session);
  if (session === undefined) return;
  const parent = pick(messages.messages, step.parent) ?? null;
  const message = { session, by, to, mentions, parent, messageType, visibility };
  const args = {
    ...{ session_id: session.id, visibility, to, message_type: messageType },
    content: ['News', ...mentions.map((name) => `for @${name}`)].join(' '),
    ...(parent === null ? {} : { parent_message_id: parent.id }),
  };
  const value = await stage.askOnce(by, key, 'add_message', args, messages.refusalOf(message));
  if (value === undefined) return;
  expect(value['unknown_recipients'] ?? []).toEqual(to.filter((name) => isUnknown(name, session)));
  const id = Number(value['message_id']);
  expect(id).toBeGreaterThan(messages.messages.at(-1)?.id ?? 0);
  messages.add(id, message);
}

export async function change(
  stage: Stage,
  { by, message: nth, visibility }: StepOf<'change'>,
): Promise<void> {
  const { messages } = stage;
  const message = pick(messages.messages, nth);
  if (message === undefined) return;
  const refusal = messages.refusalOfChange(by, message, visibility);
  const args = { message_id: message.id, visibility };
  if (refusal === undefined) messages.change(message, visibility);
  const value = await stage.ask(by, 'set_message_visibility', args, refusal);
  if (value === undefined) return;
  expect(value['message']).toMatchObject(shapeOf(by, message));
}

export async function page(
  stage: Stage,
  { by, limit, from, filter, ...step }: StepOf<'page'>,
): Promise<void> {
  const { messages } = stage;
  const session = pick(messages.sessions, step.session);
  if (session === undefined) return;
  const edge = pick(messages.messages, from?.message)?.id;
  const { threadOf, ...plain } = { threadOf: undefined, ...filter };
  const ofThread = pick(messages.messages, threadOf);
  const inThread = ofThread === undefined || (ofThread.session === session && sees(by, ofThread));
  const refusal = !inSight(by, session) ? 'SESSION_NOT_FOUND' : inThread ? undefined : 'MESSAGE_NOT_FOUND';
  const matches = (message: ModelMessage): boolean =>
    Object.entries(plain).every(([name, wanted]) => {
      if (name === 'sender') return CAST[message.by].agent.toLowerCase() === wanted.toLowerCase();
      return (name === 'message_type' ? message.messageType : message.visibility) === wanted;
    }) &&
    (ofThread === undefined || rootOf(message) === rootOf(ofThread));
  const seen = messages.seenBy(by, session);
  const found = seen.filter(matches).filter(({ id }) => {
    if (edge === undefined || from === undefined) return true;
    return from.side === 'after_id' ? id > edge : id < edge;
  });
  const forward = edge !== undefined && from?.side === 'after_id';
  const shown = forward ? found.slice(0, limit) : found.slice(-limit);
  const args = {
    ...{ session_id: session.id, limit, ...plain },
    ...(edge === undefined || from === undefined ? {} : { [from.side]: edge }),
    ...(ofThread === undefined ? {} : { thread_of: ofThread.id }),
  };
  const value = await stage.ask(by, 'get_messages', args, refusal);
  if (value === undefined) return;
  const said = `${by}: ${JSON.stringify(args)}`;
  expectMessages(by, value['messages'], shown, said);
  expect(value, said).toMatchObject({ count: shown.length, has_more: found.length > shown.length });
  const isFiltered = Object.keys(plain).length > 0 || ofThread !== undefined;
  expect(value['total_count'], said).toBe(isFiltered ? undefined : seen.length);
}

export async function look(stage: Stage, { by, session: nth }: StepOf<'look'>): Promise<void> {
  const { messages } = stage;
  const session = pick(messages.sessions, nth);
  if (session !== undefined) {
    const refusal = inSight(by, session) ? undefined : 'SESSION_NOT_FOUND';
    const newest = messages.seenBy(by, session).slice(-3);
    const args = { session_id: session.id, include_messages: 3 };
    const value = await stage.ask(by, 'get_session', args, refusal);
    if (value !== undefined) {
      expect(value['session']).toMatchObject(sessionOf(stage, by, session));
      expectMessages(by, value['messages'], newest, `${by}: get_session`);
    }
  }
  const all = await stage.ask(by, 'list_sessions', { limit: 100 });
  const byId = (a: Fields, b: Fields): number => (String(a['session_id']) < String(b['session_id']) ? -1 : 1);
  const expected = messages.sessions
    .filter((one) => inSight(by, one))
    .map((one) => sessionOf(stage, by, one));
  expect((all?.['sessions'] as Fields[]).toSorted(byId)).toMatchObject(expected.toSorted(byId));
}

export async function wait(stage: Stage, step: StepOf<'wait'>): Promise<void> {
  const { by, limit, addressedOnly } = step;
  const { messages } = stage;
  const session = pick(messages.sessions, step.session);
  const cursor = pick(messages.cursors, step.cursor);
  const refusal = session === undefined || inSight(by, session) ? undefined : 'SESSION_NOT_FOUND';
  const args = {
    ...{ timeout_seconds: 0, limit, addressed_only: addressedOnly },
    ...(session === undefined ? {} : { session_id: session.id }),
    ...(cursor === undefined ? {} : { cursor: cursor.text }),
  };
  if (refusal === undefined && cursor !== undefined) messages.giveBack(by, cursor);
  const expected = messages.wait(by, {
    ...{ limit, addressedOnly },
    ...(session === undefined ? {} : { session }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const value = await stage.ask(by, 'wait_for_messages', args, refusal, expected.messages);
  if (value === undefined) return;
  const said = `${by}: ${JSON.stringify({ ...step, cursor: cursor && { ...cursor, shown: undefined } })}`;
  expectMessages(by, value['messages'], expected.messages, said);
  expect(value['timed_out'], said).toBe(expected.timedOut);
  const unread = messages.unreadOf(by);
  messages.cursors.push({
    ...{ text: String(value['cursor']), of: by, position: expected.position },
    shown: expected.messages.filter((message) => unread.includes(message)),
  });
}

/** Whoever follows its cursor, from the n-th or from none, comes to the end, and in the end nothing is unread. */
export async function follow(stage: Stage, by: ActorName, nth?: number): Promise<void> {
  const { messages } = stage;
  for (let rounds = 0, cursor = nth; ; rounds++) {
    expect(rounds, `${by} comes to no end`).toBeLessThan(2 * messages.messages.length + 3);
    await wait(stage, {
      ...{ does: 'wait', by, session: undefined, limit: FEW, addressedOnly: false, cursor },
    });
    const last = messages.cursors.at(-1);
    if (last?.position === messages.end && last.shown.length === 0) break;
    cursor = messages.cursors.length - 1;
  }
  expect(messages.unreadOf(by), `${by} has unread messages`).toEqual([]);
}
const FEW = 3;
