/** The audit log as it lies in hub.db, read beside the hub: to read it through a door would add to it. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { TestHub } from './test-hub.ts';

export interface StoredAudit {
  readonly id: number;
  readonly at: number;
  readonly workspace: string | null;
  readonly actor: string | null;
  readonly key_id: string | null;
  readonly event_type: string;
  readonly action: string;
  readonly resource: string | null;
  readonly session_id: string | null;
  readonly result: string;
  readonly request_id: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface AuditRows extends Disposable {
  /** Everything there is, oldest first, with all that was noted so far. */
  all(): Promise<readonly StoredAudit[]>;
  /** What `work` adds. */
  of(work: () => Promise<unknown>): Promise<readonly StoredAudit[]>;
}

export function openAudit({ folder, hub }: Pick<TestHub, 'folder' | 'hub'>): AuditRows {
  const db = new Database(join(folder, 'hub.db'), { readonly: true, fileMustExist: true });
  const select = db.prepare<[], Omit<StoredAudit, 'details'> & { details: string | null }>(
    'SELECT * FROM audit_log ORDER BY id',
  );
  const all = async (): Promise<readonly StoredAudit[]> => {
    await hub.services.auditor.settled();
    return select
      .all()
      .map((row) => ({ ...row, details: JSON.parse(row.details ?? '{}') as Record<string, unknown> }));
  };
  return {
    all,
    async of(work) {
      const before = (await all()).length;
      await work();
      return (await all()).slice(before);
    },
    [Symbol.dispose]() {
      db.close();
    },
  };
}
