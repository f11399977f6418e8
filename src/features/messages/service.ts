/** Messages: posting, reading, finding by sender and time, changing who sees one. */
import { may, type Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { FoundMessages, MessageFilters, MessageRow, Store, Visibility } from '../../store/port.ts';
import type { Limits } from '../limits.ts';
import { demand } from '../permissions.ts';
import { requireSession } from '../sessions/service.ts';
import { writeOnce } from '../write-once.ts';
import { agentNotFound, demandMayUse, insertMessage, messageNotFound, resolveRecipients } from './insert.ts';
import type { NewMessageInput, PostedMessage } from './insert.ts';
import { audiencesOf, sightOf } from './visibility.ts';

export interface MessageDeps {
  readonly store: Store;
  readonly limits: Limits;
  readonly now: () => number;
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
  /** One's own message; any with admin. */
  setVisibility(ctx: Ctx, messageId: number, visibility: Visibility): Promise<MessageRow>;
  /** Newest first. */
  bySender(ctx: Ctx, query: { sessionId?: string; sender: string; limit: number }): Promise<FoundMessages>;
  /** By time and id, oldest first; both ends included, but of time `start` only ids above `after`. */
  byTime(
    ctx: Ctx,
    query: { sessionId?: string; start: number; end: number; after?: number; limit: number },
  ): Promise<FoundMessages>;
}

export function createMessageService({ store, limits, now }: MessageDeps): MessageService {
  async function sessionPk(ctx: Ctx, sessionId: string | undefined): Promise<{ sessionPk?: number }> {
    return sessionId === undefined
      ? {}
      : { sessionPk: (await requireSession(store.read, ctx, sessionId)).pk };
  }

  return {
    async add(ctx, sessionId, input) {
      demand(ctx, 'write');
      const at = now();
      return writeOnce(store, ctx, at, async (tx) => {
        const session = await requireSession(tx, ctx, sessionId);
        return insertMessage(tx, ctx, session, input, limits, at);
      });
    },

    async page(ctx, { sessionId, limit, after, before, threadOf, ...filters }) {
      demand(ctx, 'read');
      const sight = sightOf(ctx.principal);
      const view = await requireSession(store.read, ctx, sessionId);
      const threadId = threadOf === undefined ? undefined : await findThread(ctx, view.pk, threadOf);
      const filtered = Object.keys(filters).length > 0;
      const page = await store.read.messages.page({
        ...{ sessionPk: view.pk, sight, limit },
        ...(after === undefined ? {} : { after }),
        ...(before === undefined ? {} : { before }),
        ...(threadId === undefined ? {} : { threadId }),
        ...(filtered ? { filters } : {}),
      });
      if (filtered || threadId !== undefined) return page;
      return { ...page, total: await store.read.messages.count(view.pk, sight) };
    },

    async setVisibility(ctx, messageId, visibility) {
      demand(ctx, 'write');
      demandMayUse(ctx, visibility);
      const sight = sightOf(ctx.principal);
      return writeOnce(store, ctx, now(), async (tx) => {
        const message = await tx.messages.get(messageId, sight);
        if (message === undefined) throw messageNotFound(messageId);
        demandOwn(ctx, message);
        const session = await requireSession(tx, ctx, message.sessionId);
        const to = await resolveRecipients(tx, session.workspace, message.to);
        if (visibility === 'private' && !message.imported && to.unknown.length > 0)
          throw agentNotFound(to.unknown);
        const sender = message.imported ? null : { agentId: message.sender, agentType: message.senderType };
        await tx.messages.setVisibility(messageId, visibility, audiencesOf(visibility, sender, to));
        return { ...message, visibility };
      });
    },

    async bySender(ctx, { sessionId, sender, limit }) {
      demand(ctx, 'read');
      const where = await sessionPk(ctx, sessionId);
      return store.read.messages.bySender({ ...where, sight: sightOf(ctx.principal), sender, limit });
    },

    async byTime(ctx, { sessionId, ...range }) {
      demand(ctx, 'read');
      const where = await sessionPk(ctx, sessionId);
      return store.read.messages.byTime({ ...where, sight: sightOf(ctx.principal), ...range });
    },
  };

  async function findThread(ctx: Ctx, session: number, messageId: number): Promise<number> {
    const message = await store.read.messages.get(messageId, sightOf(ctx.principal));
    if (message?.sessionPk !== session) throw messageNotFound(messageId);
    return message.threadId ?? message.id;
  }
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
