/** Messages: posting, reading, finding by sender and time, changing who sees one. */
import { may, type Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type {
  FoundMessages,
  MessageFilters,
  MessageRow,
  Sight,
  Spoken,
  Store,
  Tx,
  Visibility,
} from '../../store/port.ts';
import type { Gates } from '../before.ts';
import type { Limits } from '../limits.ts';
import type { Presence } from '../agents/presence.ts';
import { claimIdIn } from '../agents/claim.ts';
import { actionOf, actorOf, type Auditor } from '../audit/auditor.ts';
import { noteDeed } from '../audit/deeds.ts';
import { demand } from '../permissions.ts';
import { requireSession } from '../sessions/service.ts';
import { answered, writeOnce } from '../write-once.ts';
import {
  agentNotFound,
  demandMayUse,
  insertMessage,
  messageNotFound,
  resolveRecipients,
  toWrite,
} from './insert.ts';
import type { NewMessageInput, PostedMessage } from './insert.ts';
import { addresseesOf } from './addressing.ts';
import { noteAdminSight } from './admin-sight.ts';
import { audiencesOf, sightOf } from './visibility.ts';

export interface MessageDeps {
  readonly presence: Pick<Presence, 'reads'>;
  readonly auditor: Auditor;
  readonly store: Store;
  readonly limits: Limits;
  readonly now: () => number;
  readonly gates?: Gates;
}

export interface MessageQuery extends MessageFilters {
  readonly sessionId: string;
  readonly limit: number;
  readonly after?: number;
  readonly before?: number;
  /** Any message of the thread. */
  readonly threadOf?: number;
}

export interface MessageService {
  add(ctx: Ctx, sessionId: string, input: NewMessageInput): Promise<PostedMessage>;
  /** Oldest first: the newest of the session, or those next to `after` or `before`. */
  page(ctx: Ctx, query: MessageQuery): Promise<FoundMessages & { readonly total?: number }>;
  /**
   * A message, and a page of the thread that it is in, as {@link MessageService.page} answers it.
   * @throws HubError MESSAGE_NOT_FOUND
   */
  thread(
    ctx: Ctx,
    messageId: number,
    page: Pick<MessageQuery, 'limit' | 'after' | 'before'>,
  ): Promise<FoundMessages & { readonly message: MessageRow }>;
  /** One's own message; any with admin. */
  setVisibility(ctx: Ctx, messageId: number, visibility: Visibility): Promise<MessageRow>;
  /** Newest first. */
  bySender(ctx: Ctx, query: { sessionId?: string; sender: string; limit: number }): Promise<FoundMessages>;
  /** By time and id, oldest first; both ends included, but of time `start` only ids above `after`. */
  byTime(
    ctx: Ctx,
    query: { sessionId?: string; start: number; end: number; after?: number; limit: number },
  ): Promise<FoundMessages>;
  /** Who spoke in a time, both ends included, and where, as far as the caller sees it: names and numbers alone. */
  spoken(ctx: Ctx, query: { start: number; end: number; limit: number }): Promise<Spoken>;
}

export function createMessageService(deps: MessageDeps): MessageService {
  const { store, limits, now, auditor, presence } = deps;
  const gate = deps.gates?.['message.add'];

  async function sessionPk(ctx: Ctx, sessionId: string | undefined): Promise<{ sessionPk?: number }> {
    return sessionId === undefined
      ? {}
      : { sessionPk: (await requireSession(store.read, ctx, sessionId)).pk };
  }

  return {
    async add(ctx, sessionId, input) {
      demand(ctx, 'write');
      let message = input;
      if (gate !== undefined) {
        const first = await answered<PostedMessage>(store, ctx, now());
        if (first !== undefined) return first;
        const { workspace } = await requireSession(store.read, ctx, sessionId);
        message = { ...input, ...(await gate(ctx, workspace, toWrite(sessionId, input))) };
      }
      const at = now();
      return writeOnce(store, ctx, at, async (tx) => {
        const session = await requireSession(tx, ctx, sessionId);
        const posted = await insertMessage(tx, ctx, session, message, limits, at);
        await noteDeed(auditor, tx, ctx, {
          ...{ type: 'message.added', resource: `message:${posted.messageId}`, sessionId },
          details: { visibility: message.visibility ?? 'public', recipients: message.to?.length ?? 0 },
        });
        return posted;
      });
    },

    async page(ctx, { sessionId, limit, after, before, threadOf, ...filters }) {
      demand(ctx, 'read');
      const sight = sightOf(ctx.principal);
      const view = await requireSession(store.read, ctx, sessionId);
      presence.reads(ctx.principal, view.pk);
      const threadId = threadOf === undefined ? undefined : await findThread(ctx, view.pk, threadOf);
      const filtered = Object.keys(filters).length > 0;
      const page = await store.read.messages.page({
        ...{ sessionPk: view.pk, sight, limit },
        ...(after === undefined ? {} : { after }),
        ...(before === undefined ? {} : { before }),
        ...(threadId === undefined ? {} : { threadId }),
        ...(filtered ? { filters } : {}),
      });
      noteAdminSight(auditor, ctx, page.messages);
      if (filtered || threadId !== undefined) return page;
      return { ...page, total: await store.read.messages.count(view.pk, sight) };
    },

    async thread(ctx, messageId, page) {
      demand(ctx, 'read');
      const sight = sightOf(ctx.principal);
      const message = await store.read.messages.get(messageId, sight);
      if (message === undefined) throw messageNotFound(messageId);
      const { sessionPk: session, threadId, id } = message;
      presence.reads(ctx.principal, session);
      const found = await store.read.messages.page({
        ...{ ...page, sessionPk: session, sight, threadId: threadId ?? id },
      });
      const isIn = found.messages.some((one) => one.id === id);
      noteAdminSight(auditor, ctx, isIn ? found.messages : [message, ...found.messages]);
      return { ...found, message };
    },

    async setVisibility(ctx, messageId, visibility) {
      demand(ctx, 'write');
      demandMayUse(ctx, visibility);
      const sight = sightOf(ctx.principal);
      const changed = await writeOnce(store, ctx, now(), async (tx) => {
        const message = await tx.messages.get(messageId, sight);
        if (message === undefined) throw messageNotFound(messageId);
        const session = await requireSession(tx, ctx, message.sessionId);
        demandOwn(ctx, message);
        if (!may(ctx.principal, 'admin')) await claimIdIn(tx, ctx.principal, session.workspace, now());
        const to = await resolveRecipients(tx, session.workspace, message.to);
        if (visibility === 'private' && !message.imported && to.unknown.length > 0)
          throw agentNotFound(to.unknown);
        const sender = message.imported ? null : { agentId: message.sender, agentType: message.senderType };
        const audiences = audiencesOf(visibility, sender, to);
        const before = await tx.messages.setVisibility(messageId, visibility, audiences);
        if (visibility !== message.visibility) {
          const { workspace, pk } = session;
          await tx.events.append({
            ...{ kind: 'message.updated', workspace, audiences, sessionPk: pk, messageId },
            addressees: await addresseesIn(tx, message, sight),
            data: JSON.stringify({ before, by: ctx.principal.agentId }),
          });
          await auditor.write(tx, actorOf(ctx), {
            ...{ type: 'message.visibility_changed', action: actionOf(ctx), sessionId: message.sessionId },
            resource: `message:${messageId}`,
            details: { from: message.visibility, to: visibility, sender: message.sender },
          });
        }
        return { ...message, visibility };
      });
      noteAdminSight(auditor, ctx, [changed]);
      return changed;
    },

    async bySender(ctx, { sessionId, sender, limit }) {
      demand(ctx, 'read');
      const where = await sessionPk(ctx, sessionId);
      const sight = sightOf(ctx.principal);
      const found = await store.read.messages.bySender({ ...where, sight, sender, limit });
      noteAdminSight(auditor, ctx, found.messages);
      return found;
    },

    async byTime(ctx, { sessionId, ...range }) {
      demand(ctx, 'read');
      const where = await sessionPk(ctx, sessionId);
      const found = await store.read.messages.byTime({ ...where, sight: sightOf(ctx.principal), ...range });
      noteAdminSight(auditor, ctx, found.messages);
      return found;
    },

    async spoken(ctx, query) {
      demand(ctx, 'read');
      return store.read.messages.spoken({ ...query, sight: sightOf(ctx.principal) });
    },
  };

  async function findThread(ctx: Ctx, session: number, messageId: number): Promise<number> {
    const message = await store.read.messages.get(messageId, sightOf(ctx.principal));
    if (message?.sessionPk !== session) throw messageNotFound(messageId);
    return message.threadId ?? message.id;
  }
}

/** Whom a message speaks to that is there already. */
async function addresseesIn(
  tx: Tx,
  { to, content, sender, parentId }: MessageRow,
  sight: Sight,
): Promise<readonly string[]> {
  const parent = parentId === null ? undefined : await tx.messages.get(parentId, sight);
  return addresseesOf({
    to,
    content,
    sender,
    inReplyTo: parent?.imported === false ? parent.sender : undefined,
  });
}

function demandOwn(ctx: Ctx, message: MessageRow): void {
  const own = !message.imported && message.sender.toLowerCase() === ctx.principal.agentId.toLowerCase();
  if (own || may(ctx.principal, 'admin')) return;
  throw new HubError(
    'PERMISSION_DENIED',
    `Message ${message.id} belongs to ${message.sender}; only its sender or an admin may change who sees it.`,
    {
      context: { message_id: message.id, sender: message.sender },
      suggestions: [`Ask ${message.sender} with add_message.`],
      relatedResources: ['add_message'],
    },
  );
}
