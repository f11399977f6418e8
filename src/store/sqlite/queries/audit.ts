/** The audit log: append-only. */
import type { Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { SyncNoun } from '../sync.ts';

export function auditWrites({ sqlite }: Connection): SyncNoun<Writes['audit']> {
  const insert = sqlite.prepare(`
    INSERT INTO audit_log (at, workspace, actor, key_id, event_type, action, resource, session_id, result, request_id,
      details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
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
  };
}
