/**
 * Leases: who may work on what. What is held and who waits is known here, in one process; the store keeps it, and a grant is
 * on disk before it is told. Time is that of a clock which only goes forward: whatever becomes of the one on the wall,
 * no two agents hold what conflicts.
 */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { may, type Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { SteadyClock } from '../../lib/steady-clock.ts';
import { ALL_WORKSPACES, type LeaseRow, type Store, type Tx } from '../../store/port.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { AgentService } from '../agents/service.ts';
import type { Auditor } from '../audit/auditor.ts';
import { quotaExceeded, type Limits } from '../limits.ts';
import { demand } from '../permissions.ts';
import { PROGRESS_MS } from '../delivery/wait.ts';
import { homeWorkspace, requireSession } from '../sessions/service.ts';
import { answered, writeOnce } from '../write-once.ts';
import { gaveUp, leaseLost, leaseNotFound, notTheSame, notYourLease, stopping } from './errors.ts';
import { createHeld, type HeldLease, type Holding } from './held.ts';
import { createLine, type Claim } from './line.ts';
import { tellProgress } from '../progress.ts';
import { newBudget } from './overlap.ts';
import { endLease, grantLease, noteForced, type LeaseEnding } from './records.ts';
import { parseResource } from './resource.ts';
import {
  MAX_CONFLICTS,
  type LeaseOutcome,
  type LeaseRenewal,
  type LeaseRequest,
  type LeaseService,
} from './types.ts';

export interface LeaseDeps {
  readonly store: Store;
  readonly limits: Limits;
  readonly auditor: Auditor;
  readonly agents: Pick<AgentService, 'onLoss'>;
  readonly clock: SteadyClock;
  /** Milliseconds since the epoch, for what is shown and for the time that the hub does not run. */
  readonly now: () => number;
  readonly log: Logger;
  /** How often a client that asked for it hears that the call goes on. */
  readonly progressMs?: number;
}

/** Held and asked for together. */
const MAX_PER_AGENT = 100;
const MAX_PER_WORKSPACE = 2_000;
const LONGEST_TTL_MS = 24 * 60 * 60 * 1000;
const ROWS_PER_WRITE = 100;
const RETRY_MS = 1_000;
const SETTLE_TRIES = 3;
/** Many may come to the end of their waiting at once, and each of them then waits for those before it. */
const LAST_TRIES = 100;

export function createLeaseService(deps: LeaseDeps): LeaseService {
  const { store, limits, auditor, agents, clock, now, log, progressMs = PROGRESS_MS } = deps;
  const line = createLine<Holding>();
  const held = createHeld(clock, () => void expire().catch(() => undefined));
  let stopped = false;

  const holderOf = ({ principal }: Ctx): string => principal.agentId.toLowerCase();
  const sees = ({ principal }: Ctx, { workspace }: Pick<LeaseRow, 'workspace'>): boolean =>
    principal.workspace === ALL_WORKSPACES || principal.workspace === workspace;

  /** In another workspace than its own, an operator is the agent whose id it has taken there. */
  async function isHolder(
    ctx: Ctx,
    { workspace, holder }: Pick<LeaseRow, 'workspace' | 'holder'>,
  ): Promise<boolean> {
    const { principal } = ctx;
    if (holder.toLowerCase() !== holderOf(ctx)) return false;
    if (principal.workspace === workspace) return true;
    return (await store.read.agents.get(workspace, holder))?.keyId === principal.keyId;
  }

  /** Marks the row of a holding as being written. */
  async function write<T>(holdings: readonly Holding[], work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    for (const holding of holdings) holding.busy = promise;
    try {
      return await work();
    } catch (error) {
      // Its time may have run out meanwhile.
      held.wake(RETRY_MS);
      throw error;
    } finally {
      for (const holding of holdings) if (holding.busy === promise) delete holding.busy;
      resolve(undefined);
    }
  }

  /** Ends leases. Those that cannot be removed from the store are held until they can. */
  async function end(
    holdings: readonly Holding[],
    given: Omit<LeaseEnding, 'at'>,
    run: <T extends object>(work: (tx: Tx) => Promise<T>) => Promise<T> = (work) => store.write(work),
    alongside?: (tx: Tx, lease: LeaseRow) => Promise<void>,
  ): Promise<{ readonly released: number }> {
    const how = { ...given, at: now() };
    const answer = await write(holdings, () =>
      run(async (tx) => {
        for (const { lease } of holdings) {
          const was = lease && (await endLease(tx, lease.leaseId, how));
          if (was !== undefined) await alongside?.(tx, was);
        }
        return { released: holdings.length };
      }),
    );
    for (const holding of holdings) {
      held.remove(holding);
      line.leave(holding);
    }
    return answer;
  }

  /** Ends what is over. @throws HubError STORE_UNAVAILABLE; it is then tried again. */
  async function expire(): Promise<void> {
    try {
      for (;;) {
        const due = held.due(ROWS_PER_WRITE);
        if (due.length === 0) return;
        await end(due, { reason: 'expired', by: null });
      }
    } catch (error) {
      if (!stopped) log.warn({ err: error }, 'leases that are over could not be removed; it is tried again');
      throw error;
    }
  }

  async function grant(ctx: Ctx, holding: Holding, request: LeaseRequest): Promise<LeaseOutcome> {
    const leaseId = `lease_${randomBytes(8).toString('hex')}`;
    const { resources, mode, reason = null, sessionId = null } = request;
    const ttlMs = request.ttlSeconds * 1000;
    const asked = { leaseId, workspace: holding.workspace, resources, mode, reason, sessionId, ttlMs };
    const outcome = await write([holding], async () => {
      const at = now();
      try {
        return await writeOnce<LeaseOutcome>(store, ctx, at, async (tx) => ({
          granted: true,
          lease: await grantLease(tx, ctx, { ...asked, grantedAt: at }),
          conflicts: [],
        }));
      } catch (error) {
        const maybeStored = !(error instanceof HubError) || error.code === 'STORE_UNAVAILABLE';
        if (maybeStored) await undo(leaseId, holding);
        else line.leave(holding);
        throw error;
      }
    });
    const { lease } = outcome;
    // The same call came twice at once, and the other was first.
    if (lease?.leaseId !== leaseId) {
      line.leave(holding);
      return outcome;
    }
    held.put(holding, lease, clock.now() + ttlMs);
    if (ctx.signal.aborted && ctx.idempotency === undefined) {
      // Nobody will ever know that it was granted.
      await end([holding], { reason: 'abandoned', by: null });
      throw gaveUp();
    }
    return outcome;
  }

  /** Keeps the place of a grant of which it is not known whether it was stored, until it surely is not. */
  async function undo(leaseId: string, holding: Holding): Promise<void> {
    try {
      await store.write((tx) => endLease(tx, leaseId, { reason: 'abandoned', by: null, at: now() }));
      line.leave(holding);
    } catch {
      if (!stopped) clock.after(RETRY_MS, () => void undo(leaseId, holding));
    }
  }

  /** Waits for what is just being written and in the way: in a moment it is held, or gone. */
  async function settled(holding: Holding): Promise<void> {
    for (let tries = 0; tries < SETTLE_TRIES; tries++) {
      const busy = [...line.before(holding)].flatMap((other) => other.busy ?? []);
      if (busy.length === 0) return;
      await Promise.all(busy);
      // Whoever was waiting for that goes first.
      await setImmediate();
    }
  }

  /**
   * The leases in the way of a claim; where it only waits behind others that wait, those in their way. Undefined: nothing is,
   * as after a while in which the process did not run, and leases and waiting were over at once.
   */
  async function conflictsOf(holding: Holding): Promise<readonly LeaseRow[] | undefined> {
    for (let tries = 0; tries < LAST_TRIES; tries++) {
      if (held.anyDue()) await expire();
      const budget = newBudget();
      const found = new Set<LeaseRow>();
      const looked = new Set([holding]);
      for (const claim of looked) {
        for (const other of line.before(claim, budget)) {
          if (other.lease === undefined || held.isOver(other)) looked.add(other);
          else if (found.size < MAX_CONFLICTS) found.add(other.lease);
        }
        if (found.size > 0) return [...found];
      }
      if (looked.size === 1) return undefined;
      // Those in the way are just being granted, or ended.
      await Promise.all([...looked].flatMap(({ busy }) => busy ?? []));
      await setImmediate();
    }
    return [];
  }

  function demandRoom(holding: Holding): void {
    const { all, own } = line.count(holding);
    const suggestion =
      'Release what is not needed with release_lease, or ask for more resources in one call.';
    if (own >= MAX_PER_AGENT) throw quotaExceeded('The leases of this agent', MAX_PER_AGENT, suggestion);
    if (all >= MAX_PER_WORKSPACE)
      throw quotaExceeded('The leases of this workspace', MAX_PER_WORKSPACE, suggestion);
  }

  /** @throws HubError LEASE_NOT_FOUND, LEASE_CONFLICT, PERMISSION_DENIED */
  async function requireOwn(ctx: Ctx, leaseId: string): Promise<HeldLease> {
    const holding = held.get(leaseId);
    const over = holding === undefined ? await store.read.leases.ended(leaseId) : undefined;
    const lease = holding?.lease ?? over;
    if (lease === undefined || !sees(ctx, lease)) throw leaseNotFound(leaseId);
    if (!(await isHolder(ctx, lease))) throw notYourLease(lease, 'only its holder can renew it');
    if (over !== undefined) throw leaseLost(over);
    if (holding === undefined || held.isOver(holding))
      throw leaseLost({ ...lease, reason: 'expired', by: null });
    return holding;
  }

  agents.onLoss(({ keyId, workspace, agentId, refusal }) => {
    const lost = (claim: Holding): boolean =>
      claim.workspace === workspace && claim.holder === agentId.toLowerCase();
    line.dismiss(lost, refusal);
    const leases = [...held.all()].filter(lost);
    if (leases.length === 0) return;
    end(leases, { reason: 'agent_lost', by: null }).catch((error: unknown) => {
      log.warn({ err: error, key: keyId }, 'the leases of an agent that was taken away could not be ended');
    });
  });

  return {
    async acquire(ctx, request) {
      demand(ctx, 'write');
      const resources = request.resources.map((text) => parseResource(text));
      const before = await answered<LeaseOutcome>(store, ctx, now());
      if (before !== undefined) return before;
      const { sessionId, mode, waitSeconds } = request;
      const session = sessionId === undefined ? undefined : await requireSession(store.read, ctx, sessionId);
      if (held.anyDue()) await expire();
      const workspace = session?.workspace ?? homeWorkspace(ctx.principal);
      const holding: Holding = { workspace, holder: holderOf(ctx), mode, resources, deadline: Infinity };
      demandRoom(holding);
      const turn = line.enter(holding);
      try {
        if (waitSeconds === 0) await settled(holding);
        else ctx.onWait?.();
        using _progress = tellProgress(ctx, waitSeconds, progressMs);
        if (!(await turn(waitSeconds * 1000, ctx.signal))) {
          const conflicts = await conflictsOf(holding);
          if (conflicts !== undefined) {
            line.leave(holding);
            const refusal = { granted: false, conflicts };
            return ctx.idempotency === undefined
              ? refusal
              : await writeOnce(store, ctx, now(), () => Promise.resolve(refusal));
          }
        }
      } catch (error) {
        line.leave(holding);
        throw ctx.signal.aborted ? gaveUp() : error;
      }
      return grant(ctx, holding, request);
    },

    async renew(ctx, { leaseId, ttlSeconds, resources, mode, sessionId, reason }: LeaseRenewal) {
      demand(ctx, 'write');
      const before = await answered<LeaseOutcome>(store, ctx, now());
      if (before !== undefined) return before;
      const holding = await requireOwn(ctx, leaseId);
      const { lease } = holding;
      const texts = (given: readonly string[]): string =>
        JSON.stringify([...new Set(given.map((text) => parseResource(text).text))].sort());
      if (resources !== undefined && texts(resources) !== texts(lease.resources))
        throw notTheSame('resources', resources, lease.resources);
      if (mode !== undefined && mode !== lease.mode) throw notTheSame('mode', mode, lease.mode);
      if (sessionId !== undefined && sessionId !== lease.sessionId)
        throw notTheSame('session_id', sessionId, lease.sessionId);
      const ttlMs = ttlSeconds * 1000;
      const at = now();
      const renewed = { ...lease, expiresAt: at + ttlMs, reason: reason ?? lease.reason };
      const outcome = await write([holding], () =>
        writeOnce<LeaseOutcome>(store, ctx, at, async (tx) => {
          if (!(await tx.leases.renew(leaseId, renewed)))
            throw leaseLost((await tx.leases.ended(leaseId)) ?? { ...lease, reason: 'released', by: null });
          return { granted: true, lease: renewed, conflicts: [] };
        }),
      );
      if (held.get(leaseId) === holding) held.put(holding, renewed, clock.now() + ttlMs);
      return outcome;
    },

    async release(ctx, { leaseId }) {
      if (!may(ctx.principal, 'admin')) demand(ctx, 'write');
      const before = await answered<{ released: number }>(store, ctx, now());
      if (before !== undefined) return before;
      const run = <T extends object>(work: (tx: Tx) => Promise<T>): Promise<T> =>
        writeOnce(store, ctx, now(), work);
      const by = ctx.principal.agentId;
      if (leaseId === undefined) {
        const own: Holding[] = [];
        for (const holding of held.all()) {
          if (holding.holder !== holderOf(ctx) || !sees(ctx, holding)) continue;
          if (await isHolder(ctx, holding.lease)) own.push(holding);
        }
        return end(own, { reason: 'released', by }, run);
      }
      const holding = held.get(leaseId);
      if (holding === undefined || !sees(ctx, holding)) throw leaseNotFound(leaseId);
      const { lease } = holding;
      if (await isHolder(ctx, lease)) return end([holding], { reason: 'released', by }, run);
      if (!may(ctx.principal, 'admin'))
        throw notYourLease(lease, 'only its holder or an admin can release it');
      const forced = { auditor, limits, now: now() };
      return end([holding], { reason: 'forced', by }, run, (tx, was) => noteForced(tx, ctx, was, forced));
    },

    async list(ctx, { sessionId, resource, holder, after = 0, limit }) {
      demand(ctx, 'read');
      if (sessionId !== undefined) await requireSession(store.read, ctx, sessionId);
      const { workspace } = ctx.principal;
      const place = workspace === ALL_WORKSPACES ? undefined : workspace;
      const meeting =
        resource === undefined
          ? undefined
          : new Set<Claim>(line.on([parseResource(resource, 'resource')], place));
      const leases = [...held.all()]
        .filter((holding) => sees(ctx, holding) && !held.isOver(holding))
        .filter((holding) => meeting?.has(holding) !== false)
        .map(({ lease }) => lease)
        .filter((lease) => sessionId === undefined || lease.sessionId === sessionId)
        .filter((lease) => holder === undefined || lease.holder.toLowerCase() === holder.toLowerCase())
        .filter(({ fencingToken }) => fencingToken > after)
        .sort((a, b) => a.fencingToken - b.fencingToken);
      const page = leases.slice(0, limit);
      return { leases: page, next: leases.length > limit ? (page.at(-1)?.fencingToken ?? null) : null };
    },

    get waiting() {
      return line.waiting();
    },

    async load() {
      const at = now();
      for (let after = ''; ;) {
        const rows = await store.read.leases.page({ after, limit: ROWS_PER_WRITE });
        for (const lease of rows) {
          const { workspace, mode, expiresAt } = lease;
          const resources = lease.resources.map((text) => parseResource(text));
          // A clock that was put back makes leases longer, but not without end.
          const left = Math.min(Math.max(expiresAt - at, 0), LONGEST_TTL_MS);
          const holder = lease.holder.toLowerCase();
          const holding: Holding = { workspace, holder, mode, resources, deadline: Infinity };
          line.enter(holding);
          held.put(holding, lease, clock.now() + left);
        }
        const last = rows.at(-1);
        if (last === undefined || rows.length < ROWS_PER_WRITE) return;
        after = last.leaseId;
      }
    },

    endWaits: () => line.dismiss(() => true, stopping()),

    stop() {
      stopped = true;
      held.stop();
    },
  };
}
