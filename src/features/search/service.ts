/** Search over everything the caller may see. */
import type { Ctx } from '../../context.ts';
import type { MessageSearch, Search } from '../../search/search.ts';
import type { SearchPosition } from '../../search/types.ts';
import type { MemoryListRow, MessageHead, Store } from '../../store/port.ts';
import type { Auditor } from '../audit/auditor.ts';
import { noteAdminSight } from '../messages/admin-sight.ts';
import { sightOf, sightOfPublic } from '../messages/visibility.ts';
import { demand } from '../permissions.ts';
import { homeWorkspace, requireSession } from '../sessions/service.ts';

export interface SearchDeps {
  readonly store: Store;
  readonly search: Search;
  readonly now: () => number;
  readonly auditor: Auditor;
}

/** Times are milliseconds since the epoch, both included. */
export interface SearchQuery extends Omit<MessageSearch, 'sight' | 'sessionPk' | 'visibility'> {
  /** None: every session the caller can see. */
  readonly sessionId?: string;
  /** `private`: only messages of that visibility. */
  readonly scope: 'all' | 'public' | 'private';
}

export interface FoundMessage {
  readonly message: MessageHead;
  /** 0–100. */
  readonly score: number;
  /** Text around what matched, which is marked as `**so**`. */
  readonly snippet: string;
  readonly sessionPurpose: string;
}

export interface SearchResults {
  /** Best first. */
  readonly results: readonly FoundMessage[];
  readonly corrected?: string;
  /** Sessions with hits, where the one that was asked for has none. */
  readonly elsewhere: readonly {
    readonly sessionId: string;
    readonly purpose: string;
    readonly count: number;
  }[];
  /** Where the next page begins. */
  readonly next?: SearchPosition;
  /** Where a page begins that goes on after one of the results. */
  after(result: FoundMessage): SearchPosition;
  /** Only the newest messages were searched. */
  readonly degraded: boolean;
}

export const INDEX_STATES = ['ready', 'indexing', 'down'] as const;

export interface IndexStatus {
  /** `down`: it is not kept up, which the log explains; searches then cover the newest messages only. */
  readonly state: (typeof INDEX_STATES)[number];
  /** Positions of the hub: how far the index is, and how far the hub is. */
  readonly indexed: number;
  readonly last: number;
  /** Another one whenever the index began again. */
  readonly generation: string | null;
}

export type MemoryQuery = Pick<SearchQuery, 'query' | 'sessionId' | 'scope' | 'fuzzyThreshold' | 'limit'>;

export interface FoundEntry {
  readonly entry: MemoryListRow;
  /** 0–100. */
  readonly score: number;
  readonly snippet: string;
}

export interface SearchService {
  /** @throws HubError SESSION_NOT_FOUND, OVERLOADED */
  messages(ctx: Ctx, query: SearchQuery): Promise<SearchResults>;
  /** The caller's own memory and the shared one, best first; `public`: only shared, `private`: only own. */
  memory(ctx: Ctx, query: MemoryQuery): Promise<readonly FoundEntry[]>;
  /** How far the index is; for admins. */
  status(ctx: Ctx): IndexStatus;
  /** Has the index made anew, and answers how it was before; for admins. Searches go on meanwhile. */
  reindex(ctx: Ctx): IndexStatus;
}

export function createSearchService({ store, search, now, auditor }: SearchDeps): SearchService {
  function status(): IndexStatus {
    const { progress, failing } = search.index();
    const working = progress === undefined || progress.working;
    return {
      state: failing ? 'down' : working ? 'indexing' : 'ready',
      indexed: progress?.watermark ?? 0,
      last: progress?.target ?? 0,
      generation: progress?.generation ?? null,
    };
  }

  return {
    status(ctx) {
      demand(ctx, 'admin');
      return status();
    },

    reindex(ctx) {
      demand(ctx, 'admin');
      const before = status();
      search.reindex();
      return before;
    },

    async memory(ctx, { sessionId, scope, ...query }) {
      demand(ctx, 'read');
      const { principal } = ctx;
      const session = sessionId === undefined ? undefined : await requireSession(store.read, ctx, sessionId);
      const agent = await store.read.agents.get(principal.workspace, principal.agentId);
      const own = agent === undefined ? [] : [agent.pk];
      const place = {
        workspace: session?.workspace ?? homeWorkspace(principal),
        owners: scope === 'public' ? [null] : scope === 'private' ? own : [...own, null],
        now: now(),
      };
      const hits = await search.memory({
        ...{ ...query, ...place },
        ...(session === undefined ? {} : { sessionPk: session.pk }),
      });
      const entries = await store.read.memory.some(
        hits.map(({ pk }) => pk),
        place,
      );
      const byPk = new Map(entries.map((entry) => [entry.pk, entry]));
      return hits.flatMap(({ pk, score, snippet }) => {
        const entry = byPk.get(pk);
        return entry === undefined ? [] : { entry, score, snippet };
      });
    },

    async messages(ctx, { sessionId, scope, ...query }) {
      demand(ctx, 'read');
      const { principal } = ctx;
      const session = sessionId === undefined ? undefined : await requireSession(store.read, ctx, sessionId);
      const asked: MessageSearch = {
        ...query,
        sight: scope === 'public' ? sightOfPublic(principal) : sightOf(principal),
        ...(session === undefined ? {} : { sessionPk: session.pk }),
        ...(scope === 'private' ? { visibility: 'private' } : {}),
      };
      const { hits, elsewhere, ...answer } = await search.messages(asked);
      const heads = await store.read.messages.heads(
        hits.map(({ id }) => id),
        asked.sight,
      );
      noteAdminSight(auditor, ctx, heads);
      const pks = [
        ...heads.map(({ sessionPk }) => sessionPk),
        ...elsewhere.map(({ sessionPk }) => sessionPk),
      ];
      const labels = new Map(
        (await store.read.sessions.labels(principal.workspace, [...new Set(pks)])).map((label) => [
          label.pk,
          label,
        ]),
      );
      const byId = new Map(heads.map((head) => [head.id, head]));
      return {
        ...answer,
        after: ({ score, message }) => ({ score, id: message.id, upTo: answer.upTo }),
        results: hits.flatMap(({ id, score, snippet }) => {
          const message = byId.get(id);
          if (message === undefined) return [];
          return { message, score, snippet, sessionPurpose: labels.get(message.sessionPk)?.purpose ?? '' };
        }),
        elsewhere: elsewhere.flatMap(({ sessionPk, count }) => {
          const label = labels.get(sessionPk);
          return label === undefined ? [] : { sessionId: label.sessionId, purpose: label.purpose, count };
        }),
      };
    },
  };
}
