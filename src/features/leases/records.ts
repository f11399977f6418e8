/** Leases as the store keeps them: granted and ended inside a transaction, with all that belongs to it. */
import type { Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { LeaseEnd, LeaseRow, SessionRow, Tx } from '../../store/port.ts';
import { claimIdIn, foreignAgent } from '../agents/claim.ts';
import { actionOf, actorOf, type Auditor } from '../audit/auditor.ts';
import type { Limits } from '../limits.ts';
import { insertMessage } from '../messages/insert.ts';
import { sightOfPublic } from '../messages/visibility.ts';
import { requireSession } from '../sessions/service.ts';
import { leaseObject } from './lease-object.ts';
import { noticesSession } from './notices.ts';

export type NewLease = Omit<LeaseRow, 'fencingToken' | 'holder' | 'holderPk' | 'expiresAt'> & {
  readonly ttlMs: number;
};

/** `by`: the agent that ended it, where one did; `at`: in milliseconds since the epoch. */
export interface LeaseEnding {
  readonly reason: LeaseEnd;
  readonly by: string | null;
  readonly at: number;
}

/** @throws HubError SESSION_NOT_FOUND, PERMISSION_DENIED if the agent is the key's no more. */
export async function grantLease(tx: Tx, ctx: Ctx, { ttlMs, ...lease }: NewLease): Promise<LeaseRow> {
  const { principal } = ctx;
  const { workspace, sessionId, grantedAt } = lease;
  const session = sessionId === null ? null : await requireSession(tx, ctx, sessionId);
  await claimIdIn(tx, principal, workspace, grantedAt);
  const agent = await tx.agents.get(workspace, principal.agentId);
  // It may have been taken away while the request waited.
  if (agent === undefined || agent.keyId !== principal.keyId || agent.releasedAt !== null)
    throw foreignAgent(principal.agentId, principal.keyName);
  const row = { ...lease, holderPk: agent.pk, expiresAt: grantedAt + ttlMs };
  const granted = { ...row, holder: agent.agentId, fencingToken: await tx.leases.insert(row) };
  await noteEvent(tx, 'lease.granted', granted, session, {});
  return granted;
}

/** Ends a lease if it is there; answers what it was. */
export async function endLease(tx: Tx, leaseId: string, how: LeaseEnding): Promise<LeaseRow | undefined> {
  const lease = await tx.leases.end(leaseId, how);
  if (lease === undefined) return undefined;
  const { workspace, sessionId } = lease;
  const session = sessionId === null ? undefined : await tx.sessions.get(workspace, sessionId);
  await noteEvent(tx, 'lease.released', lease, session ?? null, { ended: how.reason, ended_by: how.by });
  return lease;
}

/** Everybody in the workspace may know who holds what. */
async function noteEvent(
  tx: Tx,
  kind: 'lease.granted' | 'lease.released',
  lease: LeaseRow,
  session: SessionRow | null,
  more: object,
): Promise<void> {
  const { workspace } = lease;
  await tx.events.append({
    ...{ kind, workspace, messageId: null, audiences: sightOfPublic({ workspace }).audiences },
    sessionPk: session?.pk ?? null,
    data: JSON.stringify({ ...leaseObject(lease), ...more }),
  });
}

/** What an operator leaves behind who takes a lease away: a row of the audit log, and a word to the holder. */
export async function noteForced(
  tx: Tx,
  ctx: Ctx,
  lease: LeaseRow,
  { auditor, limits, now }: { readonly auditor: Auditor; readonly limits: Limits; readonly now: number },
): Promise<void> {
  const { leaseId, holder, fencingToken, sessionId } = lease;
  await auditor.write(tx, actorOf(ctx), {
    ...{ type: 'lease.released', action: actionOf(ctx), resource: `lease:${leaseId}` },
    ...(sessionId === null ? {} : { sessionId }),
    details: { holder, fencing_token: fencingToken },
  });
  const label = sessionId === null ? undefined : await tx.sessions.get(lease.workspace, sessionId);
  const content = `I have released your lease ${leaseId} on ${lease.resources.join(', ')}. Stop working on it, or acquire it anew.`;
  const message = { content: content.slice(0, limits.maxMessageLength), to: [holder] };
  const told = async (session: SessionRow): Promise<boolean> => {
    try {
      const notice = { ...message, visibility: 'private', messageType: 'status' } as const;
      await insertMessage(tx, ctx, session, notice, limits, now);
      return true;
    } catch (error) {
      // That nobody can be told there must not keep the lease.
      if (error instanceof HubError && CANNOT_TELL.has(error.code)) return false;
      throw error;
    }
  };
  if (label !== undefined && (await told(label))) return;
  await told(await noticesSession(tx, ctx, lease.workspace, now));
}

/** The session is closed or full, or the operator's id is another's in this workspace. */
const CANNOT_TELL: ReadonlySet<string> = new Set(['SESSION_CLOSED', 'QUOTA_EXCEEDED', 'PERMISSION_DENIED']);
