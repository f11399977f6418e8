/** The agents of a workspace, shown to all of it: whom one can write to, and who is there. */
import type { Ctx } from '../../context.ts';
import type { AgentCard, Store } from '../../store/port.ts';
import type { DeliveryService } from '../delivery/service.ts';
import { agentAudience, sightOf, sightOfAgent, typeAudience } from '../messages/visibility.ts';
import { demand } from '../permissions.ts';
import { homeWorkspace, requireSession } from '../sessions/service.ts';
import { agentNotFound } from './ownership.ts';
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
  /** Unread messages that speak to it, as far as the caller sees them; one's own exactly, others' up to {@link MAX_UNREAD}. */
  readonly unread: number;
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
  /** One of the caller's workspace. @throws HubError PERMISSION_DENIED, AGENT_NOT_FOUND */
  get(ctx: Ctx, agentId: string): Promise<ListedPresence>;
}

export interface AgentDirectoryDeps {
  readonly store: Pick<Store, 'read'>;
  readonly delivery: Pick<DeliveryService, 'unread'>;
  readonly presence: Presence;
}

export const MAX_LISTED = 200;
/** As many of an agent's messages are looked at, those that the caller does not see among them. */
export const MAX_UNREAD = 100;

export function createAgentDirectory({ store, presence, delivery }: AgentDirectoryDeps): AgentDirectory {
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

  /** Of others no more than what the caller sees itself: what is hidden from it must not be counted for it either. */
  async function unreadOf(ctx: Ctx, known: Known): Promise<number> {
    const { principal } = ctx;
    const { workspace } = known;
    if (workspace === principal.workspace && known.agentId.toLowerCase() === principal.agentId.toLowerCase())
      return (await delivery.unread(ctx, { limit: 0 })).count;
    const agent = await store.read.deliveries.agent(workspace, known.agentId);
    if (agent === undefined) return 0;
    const who = { ...agent, workspace };
    const names = { agent: agentAudience(agent.agentId), type: typeAudience(agent.agentType) };
    const { messages } = await store.read.deliveries.unread({
      ...{ recipient: { ...who, names }, sight: sightOfAgent(who), limit: MAX_UNREAD },
    });
    const ids = messages.map(({ id }) => id);
    return ids.length === 0 ? 0 : (await store.read.messages.heads(ids, sightOf(principal))).length;
  }

  async function toListed(ctx: Ctx, known: Known): Promise<ListedPresence> {
    const present = presence.of(known.workspace, known.agentId);
    const { agentId, agentType } = known;
    return {
      ...{ agentId, agentType, status: presence.status(known.lastSeenAt, present) },
      lastSeenAt: Math.max(known.lastSeenAt, present?.lastSeenAt ?? 0),
      lastTool: present?.lastTool ?? null,
      client: present?.client ?? known.client,
      connections: present?.connections ?? 0,
      unread: await unreadOf(ctx, known),
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
      const seenAt = ({ workspace, agentId, lastSeenAt }: Known): number =>
        Math.max(lastSeenAt, presence.of(workspace, agentId)?.lastSeenAt ?? 0);
      const all = [...each.values()].sort((a, b) => seenAt(b) - seenAt(a));
      const agents: ListedPresence[] = [];
      for (const known of all.slice(0, MAX_LISTED)) {
        agents.push(await toListed(ctx, known));
        // Others are served in between.
        await new Promise(setImmediate);
      }
      return { agents, more: all.length > MAX_LISTED };
    },

    async get(ctx, agentId) {
      demand(ctx, 'read');
      const workspace = homeWorkspace(ctx.principal);
      const [card] = await directory.named({ workspace, agentIds: [agentId] });
      if (card === undefined) throw agentNotFound(workspace, agentId);
      return toListed(ctx, { ...card, workspace });
    },
  };
}

type Known = Pick<AgentCard, 'agentId' | 'agentType' | 'lastSeenAt' | 'client'> & Pick<Present, 'workspace'>;
