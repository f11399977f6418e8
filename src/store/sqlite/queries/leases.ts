/** Leases. What conflicts with what is known to the service alone: here they are only kept. */
import {
  LEASE_ENDS,
  LEASE_MODES,
  type EndedLease,
  type LeaseRow,
  type Reads,
  type Writes,
} from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { NameMaker } from '../names.ts';
import type { SyncNoun } from '../sync.ts';

type RawLease = Omit<LeaseRow, 'mode' | 'resources'> & { readonly mode: number; readonly resources: string };

const LEASE = `
  SELECT l.lease_id AS leaseId, w.name AS workspace, l.mode, l.resources, a.agent_id AS holder, l.holder_id AS holderPk,
    l.reason, l.session_id AS sessionId, l.fencing_token AS fencingToken, l.granted_at AS grantedAt,
    l.expires_at AS expiresAt
  FROM leases l CROSS JOIN workspaces w ON w.id = l.workspace_id CROSS JOIN agents a ON a.id = l.holder_id`;

export function leaseReads({ sqlite }: Connection): SyncNoun<Reads['leases']> {
  const page = sqlite.prepare<[string, number], RawLease>(
    `${LEASE} WHERE l.lease_id > ? ORDER BY l.lease_id LIMIT ?`,
  );
  const ended = sqlite.prepare<[string], Omit<EndedLease, 'reason'> & { readonly reason: number }>(
    `SELECT l.lease_id AS leaseId, w.name AS workspace, a.agent_id AS holder, l.fencing_token AS fencingToken, l.reason,
       l.ended_by AS by
     FROM ended_leases l CROSS JOIN workspaces w ON w.id = l.workspace_id CROSS JOIN agents a ON a.id = l.holder_id
     WHERE l.lease_id = ?`,
  );
  return {
    page: ({ after, limit }) => page.all(after, limit).map(toLease),
    ended(leaseId) {
      const found = ended.get(leaseId);
      return found && { ...found, reason: LEASE_ENDS[found.reason] ?? 'released' };
    },
  };
}

function toLease({ mode: code, resources, ...lease }: RawLease): LeaseRow {
  const mode = LEASE_MODES[code];
  if (mode === undefined) throw new Error(`unknown lease mode ${code}`);
  return { ...lease, mode, resources: JSON.parse(resources) as string[] };
}

export function leaseWrites(
  { sqlite }: Connection,
  names: NameMaker,
  nextSeq: () => number,
): SyncNoun<Writes['leases']> {
  const insert = sqlite.prepare<[Record<string, number | string | null>]>(
    `INSERT INTO leases (lease_id, workspace_id, holder_id, mode, resources, reason, session_id, fencing_token, granted_at,
       expires_at)
     VALUES (:leaseId, :workspace, :holderPk, :mode, :resources, :reason, :sessionId, :fencingToken, :grantedAt,
       :expiresAt)`,
  );
  const renew = sqlite.prepare<[number, string | null, string]>(
    'UPDATE leases SET expires_at = ?, reason = ? WHERE lease_id = ?',
  );
  const find = sqlite.prepare<[string], RawLease>(`${LEASE} WHERE l.lease_id = ?`);
  const remember = sqlite.prepare<[Record<string, number | string | null>]>(
    `INSERT OR REPLACE INTO ended_leases (lease_id, workspace_id, holder_id, fencing_token, reason, ended_by, ended_at)
     SELECT lease_id, workspace_id, holder_id, fencing_token, :reason, :by, :at FROM leases WHERE lease_id = :leaseId`,
  );
  const remove = sqlite.prepare<[string]>('DELETE FROM leases WHERE lease_id = ?');
  const forget = sqlite.prepare<[number, number]>(
    `DELETE FROM ended_leases WHERE lease_id IN
       (SELECT lease_id FROM ended_leases WHERE ended_at < ? ORDER BY ended_at LIMIT ?)`,
  );
  return {
    insert({ workspace, mode, resources, ...lease }) {
      const fencingToken = nextSeq();
      insert.run({
        ...lease,
        ...{ fencingToken, workspace: names.workspace(workspace) },
        mode: LEASE_MODES.indexOf(mode),
        resources: JSON.stringify(resources),
      });
      return fencingToken;
    },
    renew: (leaseId, { expiresAt, reason }) => renew.run(expiresAt, reason, leaseId).changes > 0,
    end(leaseId, { reason, by, at }) {
      const found = find.get(leaseId);
      if (found === undefined) return undefined;
      remember.run({ leaseId, by, at, reason: LEASE_ENDS.indexOf(reason) });
      remove.run(leaseId);
      return toLease(found);
    },
    forgetEnded: (time, limit) => forget.run(time, limit).changes,
  };
}
