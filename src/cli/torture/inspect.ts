/** What a database says of itself after a kill. */
import Database from 'better-sqlite3';

export interface Inspection {
  /** No damaged page, and no row without the one it belongs to. */
  readonly sound: boolean;
  /** It is still the one it was: a new one has another. */
  readonly epoch: unknown;
}

/** Reads the whole file; it may be in use. */
export function inspect(file: string): Inspection {
  const db = new Database(file, { readonly: true });
  try {
    const integrity = db.pragma('integrity_check', { simple: true });
    const orphans = db.pragma('foreign_key_check');
    const epoch = db.prepare('SELECT epoch FROM hub').pluck().get();
    return { sound: integrity === 'ok' && Array.isArray(orphans) && orphans.length === 0, epoch };
  } finally {
    db.close();
  }
}
