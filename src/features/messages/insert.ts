/** Posting one message inside a transaction: the rules that every way of posting shares. */
import type { Ctx } from '../../context.ts';
import { may } from '../../context.ts';
import { HubError, invalid } from '../../errors.ts';
import type { JsonObject, MessageRow, MessageType, SessionRow, Tx, Visibility } from '../../store/port.ts';
import { claimIdIn } from '../agents/claim.ts';
import type { Writes } from '../before.ts';
import { demandMetadataFits, quotaExceeded, tooLarge, type Limits } from '../limits.ts';
import { addresseesOf } from './addressing.ts';
import { demandMaySpeakAsOperator } from './from-operator.ts';
import { audiencesOf, sightOf, type AddressedAgent } from './visibility.ts';

export interface NewMessageInput {
  readonly content: string;
  readonly visibility?: Visibility;
  /** Agent ids, and `type:T` for every agent of a type. */
  readonly to?: readonly string[];
  readonly messageType?: MessageType;
  readonly parentId?: number;
  readonly metadata?: JsonObject;
  readonly pinned?: boolean;
}

export interface PostedMessage {
  readonly messageId: number;
  readonly timestamp: number;
  /** Recipients that do not exist (yet). */
  readonly unknownRecipients: readonly string[];
}

const TYPE_PREFIX = /^type:/i;
const AGENT_TYPE = /^[A-Za-z0-9._@-]{1,50}$/;

/** @throws HubError SESSION_CLOSED, MESSAGE_NOT_FOUND, AGENT_NOT_FOUND, PERMISSION_DENIED, CONTENT_TOO_LARGE, QUOTA_EXCEEDED */
export async function insertMessage(
  tx: Tx,
  ctx: Ctx,
  session: SessionRow,
  input: NewMessageInput,
  limits: Limits,
  now: number,
): Promise<PostedMessage> {
  const { content, visibility = 'public', metadata = {}, messageType = 'message', pinned = false } = input;
  const { principal } = ctx;
  demandContentFits(content, limits);
  demandMetadataFits(metadata, limits);
  demandMayUse(ctx, visibility);
  demandMaySpeakAsOperator(ctx, metadata);
  if (!session.isActive) throw sessionClosed(session.sessionId);
  if ((await tx.messages.countAll(session.pk)) >= limits.maxMessagesPerSession) {
    throw quotaExceeded(
      `The messages of ${session.sessionId}`,
      limits.maxMessagesPerSession,
      'Open a new session.',
    );
  }
  const parent = input.parentId === undefined ? null : await parentOf(tx, ctx, session, input.parentId);
  const to = await resolveRecipients(tx, session.workspace, input.to ?? []);
  if (visibility === 'private' && to.unknown.length > 0) throw agentNotFound(to.unknown);
  await claimIdIn(tx, principal, session.workspace, now);
  const id = await tx.messages.insert({
    sessionPk: session.pk,
    workspace: session.workspace,
    sender: principal.agentId,
    senderType: principal.agentType,
    imported: false,
    content: content.toWellFormed(),
    visibility,
    to: to.names,
    messageType,
    parentId: parent?.id ?? null,
    threadId: parent === null ? null : (parent.threadId ?? parent.id),
    metadata,
    pinned,
    createdAt: now,
    audiences: audiencesOf(visibility, principal, to),
    addressees: addresseesOf({
      ...{ to: to.names, content, sender: principal.agentId },
      inReplyTo: parent === null || parent.imported ? undefined : parent.sender,
    }),
  });
  return { messageId: id, timestamp: now, unknownRecipients: to.unknown };
}

/** A message as it is shown to whoever may change or refuse it. `sessionId`: null for the first one of a new session. */
export function toWrite(sessionId: string | null, input: NewMessageInput): Writes['message.add'] {
  const { content, visibility = 'public', to = [], messageType = 'message', metadata = {} } = input;
  return { session_id: sessionId, content, visibility, to, message_type: messageType, metadata };
}

/** `field` is the parameter that the content came in. */
export function demandContentFits(content: string, limits: Limits, field = 'content'): void {
  if (content.trim() === '') throw invalid(field, content, 'text that is not only white space');
  if (content.length <= limits.maxMessageLength) return;
  throw tooLarge(field, content.length, `at most ${limits.maxMessageLength} characters`);
}

export function demandMayUse(ctx: Ctx, visibility: Visibility): void {
  if (visibility !== 'admin_only' || may(ctx.principal, 'admin')) return;
  throw new HubError(
    'PERMISSION_DENIED',
    'Only a key with the permission admin may write admin_only messages.',
    {
      context: { visibility },
      suggestions: ['Use visibility public, private or agent_only.'],
    },
  );
}

/** What a reply is to. */
async function parentOf(tx: Tx, ctx: Ctx, session: SessionRow, parentId: number): Promise<MessageRow> {
  const parent = await tx.messages.get(parentId, sightOf(ctx.principal));
  if (parent === undefined) throw messageNotFound(parentId);
  if (parent.sessionPk !== session.pk) {
    throw invalid('parent_message_id', parentId, `a message of ${session.sessionId}`, {
      suggestions: [`Reply in ${parent.sessionId}, or leave parent_message_id out.`],
    });
  }
  return parent;
}

interface Recipients {
  /** As stored: known agents by their own spelling. */
  readonly names: readonly string[];
  readonly agents: readonly AddressedAgent[];
  readonly types: readonly string[];
  readonly unknown: readonly string[];
}

/** Sorts recipients out; the ids that nobody has are answered as unknown. */
export async function resolveRecipients(
  tx: Tx,
  workspace: string,
  to: readonly string[],
): Promise<Recipients> {
  const names = new Set<string>();
  const agents: AddressedAgent[] = [];
  const types: string[] = [];
  const unknown = new Set<string>();
  for (const name of to) {
    if (TYPE_PREFIX.test(name)) {
      const type = name.replace(TYPE_PREFIX, '');
      if (!AGENT_TYPE.test(type)) throw invalid('to', name, 'an agent id, or type: and an agent type');
      names.add(`type:${type}`);
      types.push(type);
      continue;
    }
    const agent = await tx.agents.get(workspace, name);
    names.add(agent?.agentId ?? name);
    if (agent === undefined) unknown.add(name);
    else agents.push(agent);
  }
  return { names: [...names], agents, types, unknown: [...unknown] };
}

function sessionClosed(sessionId: string): HubError {
  return new HubError('SESSION_CLOSED', `Session ${sessionId} is closed and takes no new messages.`, {
    context: { session_id: sessionId },
    suggestions: ['Open another with create_session, or ask its creator to reopen it with update_session.'],
    relatedResources: ['create_session', 'update_session'],
  });
}

export function agentNotFound(unknown: readonly string[]): HubError {
  return new HubError('AGENT_NOT_FOUND', `No agent has the id ${unknown.join(', ')}.`, {
    context: { unknown_agents: unknown },
    suggestions: [
      'Correct the id: an agent exists from its first call on. Only private messages need recipients that exist.',
    ],
  });
}

export function messageNotFound(id: number): HubError {
  return new HubError('MESSAGE_NOT_FOUND', `There is no message ${id}.`, {
    context: { message_id: id },
    suggestions: ['Look for it with get_messages.'],
    relatedResources: ['get_messages'],
  });
}
