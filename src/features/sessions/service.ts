/** Sessions: who may open, see and change them. */
import { randomBytes } from 'node:crypto';
import { may, type Ctx, type Principal } from '../../context.ts';
import { HubError } from '../../errors.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { ALL_WORKSPACES } from '../../store/port.ts';
import type {
  JsonObject,
  Reads,
  SessionOrder,
  SessionPosition,
  SessionRow,
  SessionView,
  Store,
  Tx,
} from '../../store/port.ts';
import type { Presence } from '../agents/presence.ts';
import { claimIdIn } from '../agents/claim.ts';
import type { Auditor } from '../audit/auditor.ts';
import { noteDeed } from '../audit/deeds.ts';
import type { Gates } from '../before.ts';
import { demandMetadataFits, quotaExceeded, type Limits } from '../limits.ts';
import { demandContentFits, insertMessage, toWrite } from '../messages/insert.ts';
import { sightOf, sightOfPublic } from '../messages/visibility.ts';
import { demand } from '../permissions.ts';
import { answered, writeOnce } from '../write-once.ts';

export const DEFAULT_WORKSPACE = 'default';

export interface SessionDeps {
  readonly auditor: Pick<Auditor, 'write'>;
  readonly presence: Pick<Presence, 'reads'>;
  readonly store: Store;
  readonly limits: Limits;
  readonly now: () => number;
  readonly gates?: Gates;
}

export interface NewSession {
  readonly purpose: string;
  readonly metadata: JsonObject;
  readonly firstMessage?: string;
}

export interface CreatedSession {
  readonly session: SessionRow;
  /** Of the first message, if there is one. */
  readonly messageId: number | null;
}

export interface SessionChange {
  readonly sessionId: string;
  readonly purpose?: string;
  readonly metadata?: JsonObject;
  readonly isActive?: boolean;
}

export interface SessionFilter {
  readonly query?: string;
  readonly isActive?: boolean;
  readonly createdBy?: string;
  readonly limit: number;
  /** By default the newest activity first. */
  readonly order?: SessionOrder;
  /** Position to go on from, in this order. */
  readonly before?: SessionPosition;
}

export interface SessionService {
  create(ctx: Ctx, session: NewSession): Promise<CreatedSession>;
  /** The session as the caller sees it. */
  get(ctx: Ctx, sessionId: string): Promise<SessionView>;
  /** By what the caller last saw happen in them, newest first, if not said otherwise. */
  list(
    ctx: Ctx,
    filter: SessionFilter,
  ): Promise<{ readonly sessions: readonly SessionView[]; readonly next: SessionPosition | null }>;
  /** By its creator or an admin. */
  update(ctx: Ctx, change: SessionChange): Promise<SessionView>;
  /** Ids that begin with `prefix`, for completion. */
  complete(ctx: Ctx, prefix: string, limit: number): Promise<readonly string[]>;
}

/** Workspace that a caller writes into where no session says otherwise. */
export function homeWorkspace(principal: Principal): string {
  return principal.workspace === ALL_WORKSPACES ? DEFAULT_WORKSPACE : principal.workspace;
}

/** @throws HubError SESSION_NOT_FOUND, also for a session of another workspace. */
export async function requireSession(
  db: Pick<Reads, 'sessions'>,
  ctx: Ctx,
  sessionId: string,
): Promise<SessionRow> {
  const session = await db.sessions.get(ctx.principal.workspace, sessionId);
  if (session === undefined) throw sessionNotFound(sessionId);
  return session;
}

export function sessionNotFound(sessionId: string): HubError {
  return new HubError(
    'SESSION_NOT_FOUND',
    `There is no session ${JSON.stringify(sessionId.slice(0, 100))}.`,
    {
      context: { session_id: sessionId.slice(0, 100) },
      suggestions: ['Find the session with list_sessions, or open one with create_session.'],
      relatedResources: ['list_sessions', 'create_session'],
    },
  );
}

export function createSessionService({
  auditor,
  store,
  limits,
  now,
  presence,
  gates = {},
}: SessionDeps): SessionService {
  const toCreate = gates['session.create'];
  const toUpdate = gates['session.update'];
  const toAdd = gates['message.add'];

  return {
    async create(ctx, { firstMessage, ...given }) {
      demand(ctx, 'write');
      const workspace = homeWorkspace(ctx.principal);
      if (toCreate !== undefined || toAdd !== undefined) {
        const before = await answered<CreatedSession>(store, ctx, now());
        if (before !== undefined) return before;
      }
      let { purpose, metadata } = given;
      if (toCreate !== undefined)
        ({ purpose, metadata } = { ...given, ...(await toCreate(ctx, workspace, given)) });
      demandMetadataFits(metadata, limits);
      let first = firstMessage === undefined ? undefined : { content: firstMessage };
      if (first !== undefined && toAdd !== undefined)
        first = { ...first, ...(await toAdd(ctx, workspace, toWrite(null, first))) };
      if (first !== undefined) demandContentFits(first.content, limits, 'first_message');
      const at = now();
      const createdBy = ctx.principal.agentId;
      return writeOnce(store, ctx, at, async (tx) => {
        const max = limits.maxSessionsPerAgent;
        if ((await tx.sessions.countBy(workspace, createdBy, max)) >= max) {
          throw quotaExceeded(
            `The sessions of agent ${createdBy}`,
            max,
            'Use one of your sessions (list_sessions).',
          );
        }
        await claimIdIn(tx, ctx.principal, workspace, at);
        const { row } = await tx.sessions.insert({
          sessionId: `session_${randomBytes(8).toString('hex')}`,
          ...{ workspace, purpose, createdBy, metadata },
          createdAt: at,
          updatedAt: at,
          isActive: true,
        });
        await noteSessionEvent(tx, 'session.created', row);
        const { sessionId } = row;
        await noteDeed(auditor, tx, ctx, {
          type: 'session.created',
          resource: `session:${sessionId}`,
          sessionId,
        });
        if (first === undefined) return { session: row, messageId: null };
        const { messageId } = await insertMessage(tx, ctx, row, first, limits, at);
        await noteDeed(auditor, tx, ctx, {
          ...{ type: 'message.added', resource: `message:${messageId}`, sessionId },
          details: { visibility: 'public', recipients: 0 },
        });
        return { session: row, messageId };
      });
    },

    async get(ctx, sessionId) {
      demand(ctx, 'read');
      const { principal } = ctx;
      const view = await store.read.sessions.view(principal.workspace, sessionId, sightOf(principal));
      if (view === undefined) throw sessionNotFound(sessionId);
      presence.reads(principal, view.pk);
      return view;
    },

    async list(ctx, filter) {
      demand(ctx, 'read');
      return store.read.sessions.page({ ...filter, sight: sightOf(ctx.principal) });
    },

    async update(ctx, { sessionId, ...wanted }) {
      demand(ctx, 'write');
      let change = wanted;
      if (toUpdate !== undefined && (wanted.purpose !== undefined || wanted.metadata !== undefined)) {
        const first = await answered<SessionView>(store, ctx, now());
        if (first !== undefined) return first;
        const { workspace } = await requireSession(store.read, ctx, sessionId);
        const { isActive: _, ...texts } = wanted;
        change = { ...wanted, ...(await toUpdate(ctx, workspace, { session_id: sessionId, ...texts })) };
      }
      if (change.metadata !== undefined) demandMetadataFits(change.metadata, limits);
      const at = now();
      return writeOnce(store, ctx, at, async (tx) => {
        const session = await requireSession(tx, ctx, sessionId);
        demandOwner(ctx, session);
        if (!may(ctx.principal, 'admin')) await claimIdIn(tx, ctx.principal, session.workspace, at);
        await tx.sessions.update(session.pk, { ...change, updatedAt: at });
        if (isOther(session, change)) {
          await noteSessionEvent(tx, 'session.updated', session, { by: ctx.principal.agentId });
          await noteDeed(auditor, tx, ctx, {
            ...{ type: 'session.updated', resource: `session:${sessionId}`, sessionId },
            details: changesOf(change),
          });
        }
        const view = await tx.sessions.view(ctx.principal.workspace, sessionId, sightOf(ctx.principal));
        if (view === undefined) throw sessionNotFound(sessionId);
        return view;
      });
    },

    async complete(ctx, prefix, limit) {
      demand(ctx, 'read');
      return store.read.sessions.idsByPrefix(ctx.principal.workspace, prefix, limit);
    },
  };
}

/** What is changed, without its words. */
function changesOf({ isActive, ...words }: Omit<SessionChange, 'sessionId'>): JsonObject {
  return { changed: Object.keys(words), ...(isActive === undefined ? {} : { is_active: isActive }) };
}

/** Whether a change makes it another session than it was. */
function isOther(session: SessionRow, change: Omit<SessionChange, 'sessionId'>): boolean {
  const { purpose, metadata, isActive } = session;
  return (
    canonicalJson({ purpose, metadata, isActive, ...change }) !==
    canonicalJson({ purpose, metadata, isActive })
  );
}

/** Everybody in its workspace sees a session. */
export async function noteSessionEvent(
  tx: Tx,
  kind: 'session.created' | 'session.updated',
  { workspace, pk }: SessionRow,
  more?: { readonly by: string },
): Promise<void> {
  const { audiences } = sightOfPublic({ workspace });
  const data = more === undefined ? null : JSON.stringify(more);
  await tx.events.append({ kind, workspace, audiences, sessionPk: pk, messageId: null, data });
}

function demandOwner(ctx: Ctx, session: SessionRow): void {
  if (session.createdBy === ctx.principal.agentId || may(ctx.principal, 'admin')) return;
  throw new HubError(
    'PERMISSION_DENIED',
    `Session ${session.sessionId} can be changed by its creator or an admin only.`,
    {
      context: { session_id: session.sessionId, created_by: session.createdBy },
      suggestions: [`Ask ${session.createdBy} with add_message.`],
      relatedResources: ['add_message'],
    },
  );
}
