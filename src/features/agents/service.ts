/** Agents: who a connection acts as. Within a workspace the first key to use an id owns it; the type is fixed then. */
import { LRUCache } from 'lru-cache';
import type { Ctx, Permission, Principal } from '../../context.ts';
import { HubError, invalid } from '../../errors.ts';
import type { AgentRow, Store } from '../../store/port.ts';
import { demand } from '../permissions.ts';
import { homeWorkspace } from '../sessions/service.ts';
import { foreignAgent } from './claim.ts';

export interface AgentClaim {
  readonly keyId: string;
  readonly keyName: string;
  readonly workspace: string;
  readonly permissions: ReadonlySet<Permission>;
  /** The one agent the key acts as, if it is bound to one. */
  readonly fixedAgentId: string | null;
  readonly allowedTypes: readonly string[] | null;
  readonly wantedId?: string;
  readonly wantedType?: string;
  readonly client?: string;
  /** How the caller said what is wanted, for errors; by default in headers. */
  readonly named?: { readonly id: string; readonly type: string };
}

const HEADERS = { id: 'X-Agent-Id', type: 'X-Agent-Type' };

export interface AgentService {
  /**
   * The principal that a connection acts as; registers the agent on first sight.
   * @throws HubError PERMISSION_DENIED where what is wanted contradicts what is fixed, INVALID_INPUT for ids outside the set.
   */
  identify(claim: AgentClaim): Promise<Principal>;
  /** Ids that begin with `prefix`, for completion. */
  complete(ctx: Ctx, prefix: string, limit: number): Promise<readonly string[]>;
}

export interface AgentDeps {
  readonly store: Store;
  readonly now: () => number;
}

const ALLOWED = /^[A-Za-z0-9._@-]+$/;
const OUTSIDE = /[^A-Za-z0-9._@-]+/g;
const MAX_ID = 100;
const MAX_TYPE = 50;
const DEFAULT_CLIENT = 'api';
const CACHED_AGENTS = 20_000;
const TOUCH_EVERY_MS = 60_000;

/** Any text as part of an agent id: what is outside the set becomes `-`. */
export function toIdPart(text: string, max: number): string {
  return text.replace(OUTSIDE, '-').slice(0, max) || DEFAULT_CLIENT;
}

export function createAgentService({ store, now }: AgentDeps): AgentService {
  const known = new LRUCache<string, AgentRow>({ max: CACHED_AGENTS });
  const touchedAt = new LRUCache<number, number>({ max: CACHED_AGENTS });

  async function find(workspace: string, agentId: string): Promise<AgentRow | undefined> {
    const cacheKey = `${workspace}\u0000${agentId.toLowerCase()}`;
    const cached = known.get(cacheKey);
    if (cached !== undefined) return cached;
    const row = await store.read.agents.get(workspace, agentId);
    if (row !== undefined) known.set(cacheKey, row);
    return row;
  }

  function register(claim: AgentClaim, agentId: string, agentType: string): Promise<AgentRow> {
    const { workspace, keyId, client = null } = claim;
    const at = now();
    return store.write(async (tx) => {
      const existing = await tx.agents.get(workspace, agentId);
      if (existing !== undefined) return existing;
      await tx.workspaces.ensure(workspace, at);
      return tx.agents.insert(workspace, {
        agentId,
        agentType,
        keyId,
        client,
        firstSeenAt: at,
        lastSeenAt: at,
        releasedAt: null,
      });
    });
  }

  function touch(agent: AgentRow, client: string | undefined): void {
    const at = now();
    if (at - (touchedAt.get(agent.pk) ?? 0) < TOUCH_EVERY_MS) return;
    touchedAt.set(agent.pk, at);
    // Bookkeeping: a full disk must not refuse a reader.
    store.write((tx) => tx.agents.touch(agent.pk, at, client ?? null)).catch(() => undefined);
  }

  return {
    async identify(claim) {
      const agentId = claimedId(claim);
      const { type: named } = claim.named ?? HEADERS;
      const wantedType =
        claim.wantedType === undefined ? undefined : checked(named, claim.wantedType, MAX_TYPE);
      const client = toIdPart(claim.client ?? DEFAULT_CLIENT, MAX_TYPE);
      const found = await find(claim.workspace, agentId);
      const type = found?.agentType ?? wantedType ?? onlyType(claim) ?? client;
      demandType(claim, agentId, type);
      const agent = found ?? (await register(claim, agentId, type));
      if (agent.keyId !== claim.keyId) throw foreignAgent(agent.agentId, claim.keyName);
      if (wantedType !== undefined && wantedType.toLowerCase() !== agent.agentType.toLowerCase()) {
        throw contradiction(named, wantedType, `the type of ${agent.agentId} is fixed as ${agent.agentType}`);
      }
      demandType(claim, agent.agentId, agent.agentType);
      touch(agent, claim.client);
      const { keyId, keyName, workspace, permissions } = claim;
      return {
        ...{ keyId, keyName, workspace, permissions, agentId: agent.agentId, agentType: agent.agentType },
        ...(claim.fixedAgentId === null ? {} : { fixed: true as const }),
      };
    },

    async complete(ctx, prefix, limit) {
      demand(ctx, 'read');
      // An operator of all workspaces is registered apart from the agents it looks after.
      const workspaces = new Set([homeWorkspace(ctx.principal), ctx.principal.workspace]);
      const ids = new Set<string>();
      for (const workspace of workspaces) {
        for (const id of await store.read.agents.idsByPrefix(workspace, prefix, limit)) ids.add(id);
      }
      return [...ids].slice(0, limit);
    },
  };
}

function claimedId({ fixedAgentId, wantedId, client, keyName, named = HEADERS }: AgentClaim): string {
  const wanted = wantedId === undefined ? undefined : checked(named.id, wantedId, MAX_ID);
  if (fixedAgentId !== null) {
    if (wanted !== undefined && wanted.toLowerCase() !== fixedAgentId.toLowerCase()) {
      throw contradiction(named.id, wanted, `this credential acts as ${fixedAgentId} only`);
    }
    return fixedAgentId;
  }
  if (wanted !== undefined) return wanted;
  const part = (MAX_ID - 1) / 2;
  return `${toIdPart(client ?? DEFAULT_CLIENT, Math.floor(part))}@${toIdPart(keyName, Math.ceil(part))}`;
}

/** The only type a key may use, where it allows one. */
function onlyType({ allowedTypes }: AgentClaim): string | undefined {
  return allowedTypes?.length === 1 ? allowedTypes[0] : undefined;
}

function checked(header: string, value: string, max: number): string {
  if (value.length <= max && ALLOWED.test(value)) return value;
  throw invalid(header, value, `1 to ${max} of letters, digits and . _ - @`);
}

function demandType(
  { allowedTypes, keyName, named = HEADERS }: AgentClaim,
  agentId: string,
  type: string,
): void {
  if (allowedTypes === null || allowedTypes.some((allowed) => allowed.toLowerCase() === type.toLowerCase()))
    return;
  throw contradiction(named.type, type, `key ${keyName} allows ${allowedTypes.join(', ')} for ${agentId}`);
}

function contradiction(header: string, value: string, fixed: string): HubError {
  return new HubError('PERMISSION_DENIED', `${header} says ${value}, but ${fixed}.`, {
    context: { header, value },
    suggestions: [`Leave ${header} out, or make it agree.`],
  });
}
