/** Export of what a caller may see, piece by piece: nothing of it is held longer than it takes to pass it on. */
import type { Ctx } from '../../context.ts';
import type { MessageRow, SessionRow, Sight, Store } from '../../store/port.ts';
import { actionOf, actorOf, type Auditor } from '../audit/auditor.ts';
import { watchAdminSight } from '../messages/admin-sight.ts';
import { sightOf } from '../messages/visibility.ts';
import { demand } from '../permissions.ts';
import { HOLD_MEMORY, type ExportFormat } from './formats.ts';
import { memoryPieces, type MemoryPiece } from './memory.ts';
import type { SearchService } from '../search/service.ts';
import { requireSession } from '../sessions/service.ts';

/** What a search finds, in one session or in all; else one session, or all that the caller sees. */
export interface ExportScope {
  readonly sessionId?: string;
  readonly query?: string;
}

export type ExportPiece =
  | { readonly session: SessionRow }
  | {
      readonly messages: readonly MessageRow[];
      /** Those that these messages are in, by id. */
      readonly sessions: ReadonlyMap<string, SessionRow>;
      /** The parents of these messages, as far as the caller sees them. */
      readonly parents: ReadonlyMap<number, Parent>;
    }
  | MemoryPiece;

export type Parent = Pick<MessageRow, 'id' | 'imported' | 'metadata'>;

export interface ExportService {
  /**
   * Sessions in the order in which they were made, each before its messages, oldest first, and after all of them memory, if
   * the format has a place for it; what a search finds, best first.
   * What is posted meanwhile to a session that has been begun is left out. One row of the audit log says what was given.
   * @throws HubError SESSION_NOT_FOUND, before the first piece
   */
  pieces(
    ctx: Ctx,
    scope: ExportScope,
    format: ExportFormat,
  ): Promise<AsyncGenerator<ExportPiece, void, undefined>>;
}

export interface ExportDeps {
  readonly store: Store;
  readonly search: SearchService;
  readonly auditor: Pick<Auditor, 'note'>;
  readonly now: () => number;
}

/** More than the thread that serves is asked for at once: a reader thread takes it. */
const PAGE = 500;
const PAGE_BYTES = 256 * 1024;
const SESSIONS = 100;
const HITS = 100;
/** As search_context takes it where nothing is said. */
const FUZZY = 60;
/** What a search finds beyond is no longer what was meant. */
const MAX_HITS = 10_000;

export function createExportService({ store, search, auditor, now }: ExportDeps): ExportService {
  const { read } = store;

  async function* ofSession(session: SessionRow, sight: Sight): AsyncGenerator<ExportPiece> {
    yield { session };
    const sessions = new Map([[session.sessionId, session]]);
    const view = await read.sessions.view(session.workspace, session.sessionId, sight);
    const before = (view?.lastSeq ?? 0) + 1;
    for (let after = 0, more = true; more;) {
      const page = await read.messages.page({
        ...{ sessionPk: session.pk, sight, after, before },
        ...{ limit: PAGE, maxBytes: PAGE_BYTES },
      });
      after = page.messages.at(-1)?.id ?? after;
      more = page.more;
      const { messages } = page;
      if (messages.length > 0) yield { messages, sessions, parents: await parentsOf(messages, sight) };
    }
  }

  async function* ofAll(ctx: Ctx, sight: Sight, format: ExportFormat): AsyncGenerator<ExportPiece> {
    yield* ofSessions(ctx, sight);
    if (HOLD_MEMORY.has(format)) yield* memoryPieces(read, ctx, now);
  }

  async function* ofSessions(ctx: Ctx, sight: Sight): AsyncGenerator<ExportPiece> {
    const { workspace } = ctx.principal;
    for (let after = 0; ;) {
      const sessions = await read.sessions.inOrder({ workspace, after, limit: SESSIONS });
      for (const session of sessions) yield* ofSession(session, sight);
      const last = sessions.at(-1);
      if (last === undefined) return;
      after = last.pk;
    }
  }

  async function* ofSearch(
    ctx: Ctx,
    { query, sessionId }: { readonly query: string; readonly sessionId?: string },
    sight: Sight,
  ): AsyncGenerator<ExportPiece> {
    const asked = { query, scope: 'all', metadata: true, fuzzyThreshold: FUZZY, limit: HITS } as const;
    const where = sessionId === undefined ? {} : { sessionId };
    const sessions = new Map<string, SessionRow>();
    let page = await search.messages(ctx, { ...asked, ...where });
    for (let count = page.results.length; page.results.length > 0; count += page.results.length) {
      const messages: MessageRow[] = [];
      for (const { message } of page.results) {
        if (!sessions.has(message.sessionId)) {
          const session = await requireSession(read, ctx, message.sessionId);
          sessions.set(session.sessionId, session);
          yield { session };
        }
        const row = await read.messages.get(message.id, sight);
        if (row !== undefined) messages.push(row);
      }
      yield { messages, sessions, parents: await parentsOf(messages, sight) };
      if (page.next === undefined || count >= MAX_HITS) return;
      page = await search.messages(ctx, { ...asked, ...where, position: page.next });
    }
  }

  async function parentsOf(
    messages: readonly MessageRow[],
    sight: Sight,
  ): Promise<ReadonlyMap<number, Parent>> {
    const parents = new Map<number, Parent>(messages.map((message) => [message.id, message]));
    const ids = messages.flatMap(({ parentId }) => (parentId === null ? [] : [parentId]));
    const others = [...new Set(ids)].filter((id) => !parents.has(id));
    for (const head of await read.messages.heads(others, sight)) parents.set(head.id, head);
    return parents;
  }

  async function* watched(
    ctx: Ctx,
    pieces: AsyncGenerator<ExportPiece>,
    details: Readonly<Record<string, unknown>>,
  ): AsyncGenerator<ExportPiece, void, undefined> {
    const seen = watchAdminSight(auditor, ctx);
    const counts = { sessions: 0, messages: 0 };
    const memory = { entries: 0, others: 0 };
    try {
      for await (const piece of pieces) {
        ctx.signal.throwIfAborted();
        if ('session' in piece) counts.sessions++;
        else if ('memory' in piece) {
          memory.entries += piece.memory.length;
          if (piece.others) memory.others += piece.memory.length;
        } else {
          counts.messages += piece.messages.length;
          seen.saw(piece.messages);
        }
        yield piece;
      }
    } finally {
      // Of one that broke off, too.
      auditor.note(actorOf(ctx), {
        ...{
          type: 'export',
          action: actionOf(ctx),
          details: { ...details, ...counts, ...(memory.entries === 0 ? {} : { memory: memory.entries }) },
        },
        ...(typeof details['session_id'] === 'string' ? { sessionId: details['session_id'] } : {}),
      });
      seen.note();
      if (memory.others > 0) {
        const event = { action: actionOf(ctx), resource: 'memory', details: { count: memory.others } };
        auditor.note(actorOf(ctx), { type: 'admin.read', ...event });
      }
    }
  }

  return {
    async pieces(ctx, scope, format) {
      demand(ctx, 'read');
      const sight = sightOf(ctx.principal);
      const { sessionId, query } = scope;
      const session = sessionId === undefined ? undefined : await requireSession(read, ctx, sessionId);
      const named = session === undefined ? {} : { session_id: session.sessionId };
      if (query !== undefined) {
        const found = ofSearch(ctx, { ...scope, query }, sight);
        return watched(ctx, found, { format, of: 'search', ...named });
      }
      if (session !== undefined)
        return watched(ctx, ofSession(session, sight), { format, of: 'session', ...named });
      return watched(ctx, ofAll(ctx, sight, format), { format, of: 'all' });
    },
  };
}
