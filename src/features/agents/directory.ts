/** The agents of a workspace, shown to all of it: whom one can write to, and who is there. */
import type { Ctx } from '../../context.ts';
import type { AgentCard, Store } from '../../store/port.ts';
import { sightOf } from '../messages/visibility.ts';
import { demand } from '../permissions.ts';
import { homeWorkspace, requireSession } from '../sessions/service.ts';
import type { AgentStatus, Presence, Present } from './presence.ts';

/** Times in milliseconds since the epoch. */
export interface ListedPresence {
  readonly agentId: string;
  readonly agentType: string;
  readonly status: AgentStatus;
  readonly lastSeenAt: number;
  /** Null: none since the start of the hub. */
  readonly lastTool: string | null;
  readonly client: string | null;
  readonly connections: number;
}

export interface AgentDirectory {
  /**
   * Last seen first, {@link MAX_LISTED} at most; `more` tells whether there are others. Of a session: who posted there what
   * the caller sees, and who has read or waited there since the start of the hub.
   * @throws HubError PERMISSION_DENIED, SESSION_NOT_FOUND
   */
  list(
    ctx: Ctx,
    sessionId?: string,
  ): Promise<{ readonly agents: readonly ListedPresence[]; readonly more: boolean }>;
}

export interface AgentDirectoryDeps {
  readonly store: Pick<Store, 'read'>;
  readonly presence: Presence;
}

export const MAX_LISTED = 200;

export function createAgentDirectory({ store, presence }: AgentDirectoryDeps): AgentDirectory {
  const { directory } = store.read;

  async function inSession(ctx: Ctx, sessionId: string): Promise<readonly Known[]> {
    const { pk, workspace } = await requireSession(store.read, ctx, sessionId);
    const posters = await directory.postersIn({
      ...{ workspace, sessionPk: pk, sight: sightOf(ctx.principal), limit: MAX_LISTED + 1 },
    });
    // An operator of all workspaces is an agent of none that it looks into.
    const readers = presence.readersOf(pk).filter((reader) => reader.workspace === workspace);
    const agentIds = readers.slice(0, MAX_LISTED).map(({ agentId }) => agentId);
    const there = agentIds.length === 0 ? [] : await directory.named({ workspace, agentIds });
    return [...posters, ...there].map((card) => ({ ...card, workspace }));
  }

  async function inWorkspaces(workspaces: ReadonlySet<string>): Promise<readonly Known[]> {
    const found: Known[] = [];
    for (const workspace of workspaces) {
      const cards = await directory.recent({ workspace, limit: MAX_LISTED + 1 });
      // When an agent was seen is stored once a minute: of those who are there now, some may be missing from the first.
      found.push(...cards.map((card) => ({ ...card, workspace })), ...presence.all(workspace));
    }
    return found;
  }

  function toListed(known: Known): ListedPresence {
    const present = presence.of(known.workspace, known.agentId);
    const { agentId, agentType } = known;
    return {
      ...{ agentId, agentType, status: presence.status(known.lastSeenAt, present) },
      lastSeenAt: Math.max(known.lastSeenAt, present?.lastSeenAt ?? 0),
      lastTool: present?.lastTool ?? null,
      client: present?.client ?? known.client,
      connections: present?.connections ?? 0,
    };
  }

  return {
    async list(ctx, sessionId) {
      demand(ctx, 'read');
      const { principal } = ctx;
      const found =
        sessionId === undefined
          ? await inWorkspaces(new Set([homeWorkspace(principal), principal.workspace]))
          : await inSession(ctx, sessionId);
      const each = new Map(
        found.map((known) => [`${known.workspace}\u0000${known.agentId.toLowerCase()}`, known]),
      );
      const agents = [...each.values()].map(toListed).sort((a, b) => b.lastSeenAt - a.lastSeenAt);
      return { agents: agents.slice(0, MAX_LISTED), more: agents.length > MAX_LISTED };
    },
  };
}

type Known = Pick<AgentCard, 'agentId' | 'agentType' | 'lastSeenAt' | 'client'> & Pick<Present, 'workspace'>;
