/** The audit log: append-only, but for what is older than it is kept. */
import type { AuditPage, AuditPosition, AuditRow, Reads, Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import { jsonObject } from '../rows.ts';
import type { SyncNoun } from '../sync.ts';

/** Rows looked at for one page, filters or not; the page then says where to go on. */
const MAX_LOOKED_AT = 5000;
const CHUNK = 500;
const END = Number.MAX_SAFE_INTEGER;

interface RawAudit extends Omit<AuditRow, 'details'> {
  readonly details: string | null;
}

interface Range {
  readonly at: number;
  readonly id: number;
  readonly since: number;
  readonly limit: number;
}

const COLUMNS = `id, at, workspace, actor, key_id AS keyId, event_type AS eventType, action, resource,
  session_id AS sessionId, result, request_id AS requestId, details`;
const IN_RANGE = '(at, id) < (:at, :id) AND at >= :since ORDER BY at DESC, id DESC LIMIT :limit';

export function auditReads({ sqlite }: Connection): SyncNoun<Reads['audit']> {
  const select = (index: string, filter = '') =>
    sqlite.prepare<[Range & Partial<Record<'value' | 'within', string | null>>], RawAudit>(
      `SELECT ${COLUMNS} FROM audit_log INDEXED BY ${index} WHERE ${filter} ${IN_RANGE}`,
    );
  const all = select('audit_log_by_time');
  // Rows of others are passed over here, where they are not counted: where a page ends, nobody learns how many there are.
  const WITHIN =
    '(:within IS NULL OR EXISTS (SELECT 1 FROM json_each(:within) w WHERE w.value IS workspace)) AND';
  const bySession = select('audit_log_by_session', `session_id = :value AND ${WITHIN}`);
  const byActor = select('audit_log_by_actor', `actor = :value COLLATE NOCASE AND ${WITHIN}`);
  const byType = select('audit_log_by_type', `event_type = :value AND ${WITHIN}`);
  const byWorkspace = select('audit_log_by_workspace', 'workspace IS :value AND');

  /** The rows by the filter that leaves the fewest; the other filters are left to check. */
  function stream({ workspaces, actor, eventType, sessionId }: AuditPage): (range: Range) => RawAudit[] {
    const within = workspaces === 'all' ? null : JSON.stringify(workspaces);
    if (sessionId !== undefined) return (range) => bySession.all({ ...range, value: sessionId, within });
    if (actor !== undefined) return (range) => byActor.all({ ...range, value: actor, within });
    if (eventType !== undefined) return (range) => byType.all({ ...range, value: eventType, within });
    if (workspaces === 'all') return (range) => all.all(range);
    return (range) =>
      workspaces
        .flatMap((value) => byWorkspace.all({ ...range, value }))
        .sort((a, b) => b.at - a.at || b.id - a.id)
        .slice(0, range.limit);
  }

  return {
    page(args) {
      const { limit, since = 0, until = END } = args;
      const read = stream(args);
      const matches = matcher(args);
      const rows: AuditRow[] = [];
      let position: AuditPosition = { at: until, id: END };
      if (args.before !== undefined && args.before.at <= until) position = args.before;
      for (let looked = 0; looked < MAX_LOOKED_AT; looked += CHUNK) {
        const chunk = read({ ...position, since, limit: CHUNK });
        for (const row of chunk) {
          if (matches(row)) {
            // One more than asked for: there is something to go on with.
            if (rows.length === limit) return { rows, next: position };
            rows.push({ ...row, details: jsonObject(row.details) });
          }
          position = { at: row.at, id: row.id };
        }
        if (chunk.length < CHUNK) return { rows, next: null };
      }
      return { rows, next: position };
    },
  };
}

function matcher({ workspaces, actor, eventType, sessionId }: AuditPage): (row: RawAudit) => boolean {
  const name = actor?.toLowerCase();
  return (row) =>
    (workspaces === 'all' || workspaces.includes(row.workspace)) &&
    (name === undefined || row.actor?.toLowerCase() === name) &&
    (eventType === undefined || row.eventType === eventType) &&
    (sessionId === undefined || row.sessionId === sessionId);
}

export function auditWrites({ sqlite }: Connection): SyncNoun<Writes['audit']> {
  const insert = sqlite.prepare(`
    INSERT INTO audit_log (at, workspace, actor, key_id, event_type, action, resource, session_id, result, request_id,
      details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const deleteBefore = sqlite.prepare<[number, number]>(
    'DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE at < ? ORDER BY at LIMIT ?)',
  );
  return {
    append(row) {
      insert.run(
        row.at,
        row.workspace,
        row.actor,
        row.keyId,
        row.eventType,
        row.action,
        row.resource,
        row.sessionId,
        row.result,
        row.requestId,
        Object.keys(row.details).length === 0 ? null : JSON.stringify(row.details),
      );
    },
    deleteBefore: (time, limit) => deleteBefore.run(time, limit).changes,
  };
}
