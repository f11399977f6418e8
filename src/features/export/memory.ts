/** What an export holds of memory: what is shared, what is the caller's own, and all agents' of its workspace for an admin. */
import { may, type Ctx } from '../../context.ts';
import type { AgentRow, MemoryPosition, MemoryRow, Reads, SessionRow } from '../../store/port.ts';
import { homeWorkspace } from '../sessions/service.ts';

export interface MemoryPiece {
  readonly memory: readonly MemoryRow[];
  /** The agent whose entries these are; null: they are shared. */
  readonly owner: string | null;
  /** Whether they are another agent's. */
  readonly others: boolean;
  /** Those that these entries are in, by id. */
  readonly sessions: ReadonlyMap<string, SessionRow>;
}

type Owner = Pick<AgentRow, 'pk' | 'agentId'>;

const PAGE = 200;
const PAGE_BYTES = 256 * 1024;
const AGENTS = 100;

/** Shared entries first, then the caller's, then the other agents' by id. `now` in milliseconds since the epoch. */
export async function* memoryPieces(
  read: Reads,
  ctx: Ctx,
  now: () => number,
): AsyncGenerator<MemoryPiece, void, undefined> {
  const { principal } = ctx;
  const own = await read.agents.get(principal.workspace, principal.agentId);
  yield* entriesOf(read, ctx, now, null, false);
  if (own !== undefined) yield* entriesOf(read, ctx, now, own, false);
  if (!may(principal, 'admin')) return;
  for await (const agent of agentsOf(read, homeWorkspace(principal)))
    if (agent.pk !== own?.pk) yield* entriesOf(read, ctx, now, agent, true);
}

async function* agentsOf(read: Reads, workspace: string): AsyncGenerator<Owner> {
  for (let after = ''; ;) {
    const agents = await read.agents.list({ workspace, after, limit: AGENTS });
    yield* agents;
    const last = agents.at(-1);
    if (last === undefined) return;
    after = last.agentId;
  }
}

async function* entriesOf(
  read: Reads,
  { principal }: Ctx,
  now: () => number,
  owner: Owner | null,
  others: boolean,
): AsyncGenerator<MemoryPiece> {
  const place = { workspace: homeWorkspace(principal), owner: owner?.pk ?? null };
  for (let after: MemoryPosition | undefined; ;) {
    const page = { limit: PAGE, maxBytes: PAGE_BYTES, now: now() };
    const memory = await read.memory.entries({
      ...place,
      ...page,
      ...(after === undefined ? {} : { after }),
    });
    const last = memory.at(-1);
    if (last === undefined) return;
    const sessions = await sessionsOf(read, principal.workspace, memory);
    yield { memory, owner: owner?.agentId ?? null, others, sessions };
    after = last.position;
  }
}

async function sessionsOf(
  read: Reads,
  workspace: string,
  entries: readonly MemoryRow[],
): Promise<ReadonlyMap<string, SessionRow>> {
  const sessions = new Map<string, SessionRow>();
  for (const id of new Set(entries.flatMap(({ sessionId }) => sessionId ?? []))) {
    const session = await read.sessions.get(workspace, id);
    if (session !== undefined) sessions.set(id, session);
  }
  return sessions;
}
