/**
 * Handles: how several agents act over one connection. Each is good only under the key that made it, ends a day after its
 * last use, and is stored as a hash.
 */
import type { Ctx, Principal } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { AgentLoss } from '../agents/service.ts';
import type { CacheMeters } from '../../lib/cache-meter.ts';
import { createReadCache } from '../../lib/read-cache.ts';
import type { HandleRow, Reads, Store, Tx } from '../../store/port.ts';
import { actorOf, type Actor, type Auditor } from '../audit/auditor.ts';
import { demand } from '../permissions.ts';
import { agree, narrowed, type GrantDeps, type GrantRequest } from './grant.ts';
import { GRACE_MS, HANDLE_PREFIX, hashSecret, newSecret } from './secret-text.ts';

export interface IssuedHandle {
  /** Told here and never again. */
  readonly token: string;
  readonly expiresAt: number;
}

export interface HandleService {
  /** @throws HubError PERMISSION_DENIED where the request contradicts what is fixed or nothing of it is allowed. */
  authenticate(ctx: Ctx, request: GrantRequest): Promise<IssuedHandle & { readonly principal: Principal }>;
  /**
   * Gives another handle for this one, which ends in a minute and cannot be refreshed again.
   * @throws HubError as {@link HandleService.resolve}
   */
  refresh(ctx: Ctx, token: string): Promise<IssuedHandle>;
  /**
   * Who a call with this handle acts as.
   * @throws HubError AUTHENTICATION_FAILED in the same words whatever is wrong, but to the key that owns the handle
   * TOKEN_EXPIRED or TOKEN_REVOKED.
   */
  resolve(ctx: Ctx, token: string): Promise<Principal>;
  /** Calls `stop` with the refusal when the handle is revoked or its key loses the agent, until disposed of. */
  onRevoke(token: string, stop: (refusal: HubError) => void): Disposable;
  /** Ends the handle if it is one of the actor's key; does nothing otherwise. */
  revoke(actor: Actor, token: string): Promise<void>;
}

export interface HandleDeps extends GrantDeps {
  readonly store: Store;
  readonly auditor: Auditor;
  readonly now: () => number;
  readonly caches: CacheMeters;
}

export const HANDLE_TTL_MS = 24 * 60 * 60 * 1000;
/** How far the stored end of a handle may lag behind its last use. */
const EXTEND_EVERY_MS = 60_000;
const CACHED_HANDLES = 20_000;

export function createHandleService(deps: HandleDeps): HandleService {
  const { store, agents, auditor, now, caches } = deps;
  /** What runs under handles, by hash. */
  const running = new Map<string, Set<(refusal: HubError) => void>>();
  /** By hash. */
  const known = createReadCache<HandleRow>({ max: CACHED_HANDLES, name: 'handles', caches });

  const end = (hash: string, refusal: HubError): void => {
    for (const stop of [...(running.get(hash) ?? [])]) stop(refusal);
  };

  /** Whether it is a handle for the agent; one that cannot be looked up is taken for one. */
  async function isFor(hash: string, { keyId, workspace, agentId }: AgentLoss): Promise<boolean> {
    try {
      const row = await known.get(hash, () => store.read.handles.byHash(hash));
      return row?.keyId === keyId && row.workspace === workspace && sameId(row.agentId, agentId);
    } catch {
      return true;
    }
  }

  agents.onLoss((loss) => {
    for (const hash of running.keys())
      void isFor(hash, loss).then((lost) => {
        if (lost) end(hash, loss.refusal);
      });
  });

  /** The handle, if the caller may use it now. */
  async function find(db: Pick<Reads, 'handles'>, { principal }: Ctx, token: string): Promise<HandleRow> {
    if (!token.startsWith(HANDLE_PREFIX)) throw refused();
    const hash = hashSecret(token);
    const read = () => db.handles.byHash(hash);
    const row = db === store.read ? await known.get(hash, read) : await read();
    if (row === undefined || row.keyId !== principal.keyId) throw refused();
    // A credential of one agent alone cannot become another by what that one left lying about.
    if (principal.fixed === true && !sameId(row.agentId, principal.agentId)) throw refused();
    if (row.revokedAt !== null) throw wasRevoked();
    if (row.expiresAt <= now()) throw ended('TOKEN_EXPIRED', 'has expired');
    return row;
  }

  /** Moves the end on. Bookkeeping: a full disk must not refuse a reader. */
  function slide(token: string, row: HandleRow): void {
    const expiresAt = now() + HANDLE_TTL_MS;
    if (row.replacedAt !== null || expiresAt - row.expiresAt < EXTEND_EVERY_MS) return;
    const hash = hashSecret(token);
    known.replace(hash, row, { ...row, expiresAt });
    store.write((tx) => tx.handles.extend(hash, expiresAt)).catch(() => undefined);
  }

  return {
    async authenticate(ctx, request) {
      demand(ctx, 'read');
      const { keyId, permissions: allowed, fixed, agentId: own } = ctx.principal;
      const onlyAgentId = fixed === true ? own : null;
      const principal = await agree(deps, { keyId, permissions: allowed, onlyAgentId }, request);
      const { workspace, agentId, agentType, permissions } = principal;
      const token = newSecret(HANDLE_PREFIX);
      const at = now();
      const expiresAt = at + HANDLE_TTL_MS;
      await store.write(async (tx) => {
        await tx.handles.insert({
          ...{ hash: hashSecret(token), keyId, workspace, agentId, agentType, createdAt: at, expiresAt },
          ...{ permissions: [...permissions], replacedAt: null, revokedAt: null },
        });
        await auditor.write(tx, actorOf(ctx), {
          ...{ type: 'auth.login', action: 'authenticate_agent', resource: `agent:${agentId}` },
          details: { permissions: [...permissions] },
        });
      });
      return { token, expiresAt, principal };
    },

    async refresh(ctx, current) {
      demand(ctx, 'read');
      const token = newSecret(HANDLE_PREFIX);
      const at = now();
      const expiresAt = at + HANDLE_TTL_MS;
      const exchange = async (tx: Tx): Promise<void> => {
        const row = await find(tx, ctx, current);
        if (row.replacedAt !== null) throw ended('TOKEN_REVOKED', 'was refreshed before');
        await tx.handles.replace(hashSecret(current), at, Math.min(row.expiresAt, at + GRACE_MS));
        await tx.handles.insert({ ...row, hash: hashSecret(token), createdAt: at, expiresAt });
        const resource = `agent:${row.agentId}`;
        await auditor.write(tx, actorOf(ctx), { type: 'token.refreshed', action: 'refresh_token', resource });
      };
      await store.write(exchange);
      known.clear();
      return { token, expiresAt };
    },

    async resolve(ctx, token) {
      const { keyId, keyName, workspace, permissions } = ctx.principal;
      const row = await find(store.read, ctx, token);
      slide(token, row);
      return agents.identify({
        ...{ keyId, keyName, workspace, permissions: narrowed(row.permissions, permissions) },
        ...{ fixedAgentId: row.agentId, allowedIds: null, allowedTypes: null },
      });
    },

    onRevoke(token, stop) {
      const hash = hashSecret(token);
      const all = running.get(hash) ?? new Set();
      running.set(hash, all.add(stop));
      return {
        [Symbol.dispose]() {
          all.delete(stop);
          if (all.size === 0 && running.get(hash) === all) running.delete(hash);
        },
      };
    },

    async revoke(actor, token) {
      if (!token.startsWith(HANDLE_PREFIX)) return;
      const hash = hashSecret(token);
      const revoked = await store.write(async (tx) => {
        const row = await tx.handles.byHash(hash);
        if (row === undefined || row.keyId !== actor.keyId || row.revokedAt !== null) return false;
        await tx.handles.revoke(hash, now());
        const resource = `agent:${row.agentId}`;
        await auditor.write(tx, actor, { type: 'token.revoked', action: 'POST /auth/revoke', resource });
        return true;
      });
      if (!revoked) return;
      known.clear();
      end(hash, wasRevoked());
    },
  };
}

function sameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

const wasRevoked = (): HubError => ended('TOKEN_REVOKED', 'was revoked');

const AGAIN = {
  suggestions: ['Get a token with authenticate_agent.'],
  relatedResources: ['authenticate_agent'],
};

function refused(): HubError {
  return new HubError(
    'AUTHENTICATION_FAILED',
    'The token is no handle that is good on this connection.',
    AGAIN,
  );
}

function ended(code: 'TOKEN_EXPIRED' | 'TOKEN_REVOKED', how: string): HubError {
  return new HubError(code, `The token ${how}.`, AGAIN);
}
