/** Agents: who a connection acts as. Within a workspace the first key to use an id owns it; the type is fixed then. */
import { boundedCache } from '../../lib/bounded-cache.ts';
import type { CacheMeters } from '../../lib/cache-meter.ts';
import type { Ctx, Permission, Principal } from '../../context.ts';
import { HubError, invalid } from '../../errors.ts';
import type { AgentRow, Store } from '../../store/port.ts';
import type { Auditor } from '../audit/auditor.ts';
import type { RateService } from '../rates/service.ts';
import { demand } from '../permissions.ts';
import { homeWorkspace } from '../sessions/service.ts';
import { foreignAgent, takeIfReleased } from './claim.ts';
import {
  HEADERS,
  allowedIdsOf,
  contradiction,
  demandMayActAs,
  demandMayUseId,
  type KeyBounds,
} from './may-act.ts';
import { createAgentOwnership, type AgentOwnership } from './ownership.ts';
import { clientText } from './presence.ts';

export interface AgentClaim extends KeyBounds {
  readonly keyId: string;
  readonly workspace: string;
  readonly permissions: ReadonlySet<Permission>;
  readonly wantedId?: string;
  readonly wantedType?: string;
  /** Its name. */
  readonly client?: string;
  /** Empty: the client did not say itself who it is. */
  readonly clientVersion?: string;
}

/** Told which key has lost an agent id of a workspace. */
export type LossListener = (loss: AgentLoss) => void;

/** A key has no longer the agent. */
export interface AgentLoss {
  readonly keyId: string;
  readonly workspace: string;
  readonly agentId: string;
  /** For what the key still does as the agent. */
  readonly refusal: HubError;
}

export interface AgentService extends AgentOwnership {
  /**
   * The principal that a connection acts as; registers the agent on first sight.
   * @throws HubError PERMISSION_DENIED where what is wanted contradicts what is fixed, INVALID_INPUT for ids outside the set,
   * RATE_LIMITED for a new agent of a key whose calls are used up.
   */
  identify(claim: AgentClaim): Promise<Principal>;
  /** Ids that begin with `prefix`, for completion. */
  complete(ctx: Ctx, prefix: string, limit: number): Promise<readonly string[]>;
  onLoss(listener: LossListener): void;
}

export interface AgentDeps {
  readonly store: Store;
  readonly now: () => number;
  readonly auditor: Auditor;
  readonly rates: Pick<RateService, 'demandTotal'>;
  readonly caches: CacheMeters;
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

export function createAgentService({ store, now, auditor, rates, caches }: AgentDeps): AgentService {
  const known = boundedCache<string, AgentRow>(CACHED_AGENTS, (_row, _key, reason) => meter.disposed(reason));
  const meter = caches.add('agents', () => ({ entries: known.size }));
  const touchedAt = boundedCache<number, number>(CACHED_AGENTS);

  const listeners: LossListener[] = [];
  let losses = 0;

  const cacheKeyOf = (workspace: string, agentId: string): string =>
    `${workspace}\u0000${agentId.toLowerCase()}`;

  async function find(workspace: string, agentId: string): Promise<AgentRow | undefined> {
    const cacheKey = cacheKeyOf(workspace, agentId);
    const cached = known.get(cacheKey);
    meter.looked(cached !== undefined);
    if (cached !== undefined) return cached;
    const before = losses;
    const row = await store.read.agents.get(workspace, agentId);
    // A released id may be another's at any time; what was read before a loss must not outlive it here.
    if (row?.releasedAt === null && losses === before) known.set(cacheKey, row);
    return row;
  }

  function lost(workspace: string, { agentId, keyId }: Pick<AgentRow, 'agentId' | 'keyId'>): void {
    losses++;
    known.delete(cacheKeyOf(workspace, agentId));
    const loss = { keyId, workspace, agentId, refusal: lostAgent(agentId) };
    for (const listener of listeners) listener(loss);
  }

  async function register(claim: AgentClaim, agentId: string, agentType: string): Promise<AgentRow> {
    const { workspace, keyId } = claim;
    // Its call is counted only when it is known who calls; a key that may not call leaves no new agents behind.
    await rates.demandTotal(keyId);
    const at = now();
    return store.write(async (tx) => {
      const existing = await tx.agents.get(workspace, agentId);
      if (existing !== undefined) return takeIfReleased(tx, existing, keyId);
      await tx.workspaces.ensure(workspace, at);
      return tx.agents.insert(workspace, {
        agentId,
        agentType,
        keyId,
        client: clientOf(claim),
        firstSeenAt: at,
        lastSeenAt: at,
        releasedAt: null,
      });
    });
  }

  function touch(agent: AgentRow, client: string | null): void {
    const at = now();
    if (at - (touchedAt.get(agent.pk) ?? 0) < TOUCH_EVERY_MS) return;
    touchedAt.set(agent.pk, at);
    // Bookkeeping: a full disk must not refuse a reader.
    store.write((tx) => tx.agents.touch(agent.pk, at, client)).catch(() => undefined);
  }

  return {
    async identify(claim) {
      const agentId = claimedId(claim);
      const { named = HEADERS } = claim;
      const wantedType =
        claim.wantedType === undefined ? undefined : checked(named.type, claim.wantedType, MAX_TYPE);
      const client = toIdPart(claim.client ?? DEFAULT_CLIENT, MAX_TYPE);
      const found = await find(claim.workspace, agentId);
      const type = found?.agentType ?? wantedType ?? onlyType(claim) ?? client;
      demandMayUseId(claim, agentId);
      // Before anything is said of its type: that of another key's agent is none of the caller's business.
      if (found?.releasedAt === null) demandOwn(found, claim);
      demandMayActAs(claim, agentId, type);
      if (found !== undefined) demandSameType(found, wantedType, named.type);
      const agent = found?.releasedAt === null ? found : await register(claim, agentId, type);
      demandOwn(agent, claim);
      // Another request may have registered it meanwhile, as another type.
      demandSameType(agent, wantedType, named.type);
      demandMayActAs(claim, agent.agentId, agent.agentType);
      touch(agent, claim.clientVersion === '' ? null : clientOf(claim));
      const { keyId, keyName, workspace, permissions } = claim;
      return {
        ...{ keyId, keyName, workspace, permissions, agentId: agent.agentId, agentType: agent.agentType },
        ...(claim.fixedAgentId === null ? {} : { fixed: true as const }),
      };
    },

    ...createAgentOwnership({ store, now, auditor, lost }),

    onLoss(listener) {
      listeners.push(listener);
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

/** As others are shown it. */
function clientOf({ client: name, clientVersion: version = '' }: AgentClaim): string | null {
  return name === undefined ? null : clientText({ name, version });
}

function claimedId(claim: AgentClaim): string {
  const { wantedId, client, keyName, named = HEADERS } = claim;
  const allowed = allowedIdsOf(claim);
  if (wantedId !== undefined) {
    const wanted = checked(named.id, wantedId, MAX_ID);
    return allowed?.find((id) => id.toLowerCase() === wanted.toLowerCase()) ?? wanted;
  }
  if (allowed?.[0] !== undefined) {
    if (allowed.length > 1) throw unsaid(keyName, allowed);
    return allowed[0];
  }
  const part = (MAX_ID - 1) / 2;
  return `${toIdPart(client ?? DEFAULT_CLIENT, Math.floor(part))}@${toIdPart(keyName, Math.ceil(part))}`;
}

function lostAgent(agentId: string): HubError {
  return new HubError('PERMISSION_DENIED', `Agent ${agentId} does not belong to this key any more.`, {
    context: { agent_id: agentId },
    suggestions: ['Ask an operator of the hub, or choose another X-Agent-Id.'],
  });
}

function unsaid(keyName: string, allowed: readonly string[]): HubError {
  const message = `Key ${keyName} acts as ${allowed.join(', ')}, and the request does not say as which.`;
  return new HubError('PERMISSION_DENIED', message, {
    context: { allowed },
    suggestions: ['Send X-Agent-Id with one of them.'],
  });
}

/** The only type a key may use, where it allows one. */
function onlyType({ allowedTypes }: AgentClaim): string | undefined {
  return allowedTypes?.length === 1 ? allowedTypes[0] : undefined;
}

function checked(header: string, value: string, max: number): string {
  if (value.length <= max && ALLOWED.test(value)) return value;
  throw invalid(header, value, `1 to ${max} of letters, digits and . _ - @`);
}

/** @throws HubError PERMISSION_DENIED */
function demandOwn({ agentId, keyId }: AgentRow, claim: AgentClaim): void {
  if (keyId !== claim.keyId) throw foreignAgent(agentId, claim.keyName);
}

/** @throws HubError PERMISSION_DENIED */
function demandSameType({ agentId, agentType }: AgentRow, wanted: string | undefined, named: string): void {
  if (wanted === undefined || wanted.toLowerCase() === agentType.toLowerCase()) return;
  throw contradiction(named, wanted, `the type of ${agentId} is fixed as ${agentType}`);
}
