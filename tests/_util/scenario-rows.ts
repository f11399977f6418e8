/** What lies in hub.db, read beside the hub. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { TestHub } from './test-hub.ts';

/** Columns that say when somebody was last seen: reading changes them, and that is all it may change. */
const TOUCHED: readonly string[] = ['last_seen_at', 'last_used_at', 'client'];

export interface Rows extends Disposable {
  /** Every row of every table, but for when somebody was last seen, and what the audit log says of it. */
  all(): Record<string, unknown[]>;
  count(table: string): number;
}

export function openRows({ folder }: Pick<TestHub, 'folder'>): Rows {
  const db = new Database(join(folder, 'hub.db'), { readonly: true, fileMustExist: true });
  const tables = db
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'audit_log' ORDER BY name",
    )
    .pluck()
    .all();
  const read = (table: string): unknown[] =>
    db
      .prepare<[], Record<string, unknown>>(`SELECT * FROM "${table}"`)
      .all()
      .map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => !TOUCHED.includes(column))));
  return {
    all: () => db.transaction(() => Object.fromEntries(tables.map((table) => [table, read(table)])))(),
    count: (table) => db.prepare<[], number>(`SELECT count(*) FROM "${table}"`).pluck().get() ?? 0,
    [Symbol.dispose]() {
      db.close();
    },
  };
}

/** Waits until `done` holds, looking every few milliseconds; fails after `ms`. */
export async function until(
  done: () => boolean | Promise<boolean>,
  what: string,
  ms = 10_000,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`in ${ms} ms it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
