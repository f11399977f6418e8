/** Opens connections to hub.db with the pragmas that the store's promises rest on. */
import Database from 'better-sqlite3';
import { PARAMETER } from './statements.ts';

export type Sqlite = Database.Database;

export interface Connection {
  readonly sqlite: Sqlite;
}

const READER_MMAP_BYTES = 2 * 1024 ** 3;
const WAL_KEPT_BYTES = 64 * 1024 ** 2;
const WAL_CHECKPOINT_PAGES = 4000;
const WRITER_CACHE_KIB = 32_768;
const BUSY_TIMEOUT_MS = 5000;

/** The one connection that writes. FULL is said aloud: better-sqlite3 opens WAL as NORMAL, which loses answered writes. */
export function openWriter(path: string, options: Pick<Database.Options, 'fileMustExist'> = {}): Connection {
  return open(path, options, (sqlite) => {
    const mode = sqlite.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal')
      throw new Error(`its file system cannot keep a write-ahead log (it gave ${String(mode)})`);
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma(`wal_autocheckpoint = ${WAL_CHECKPOINT_PAGES}`);
    sqlite.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`);
    sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    sqlite.pragma('foreign_keys = ON');
    sqlite.pragma(`cache_size = -${WRITER_CACHE_KIB}`);
    sqlite.pragma('temp_store = MEMORY');
  });
}

/** A connection that cannot write. */
export function openReader(path: string): Connection {
  return open(path, { readonly: true, fileMustExist: true }, (sqlite) => {
    sqlite.pragma('query_only = ON');
    sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    sqlite.pragma(`mmap_size = ${READER_MMAP_BYTES}`);
    sqlite.pragma('temp_store = MEMORY');
  });
}

/**
 * SQLite plans a statement by the values bound to it, and so prepares it again at every call: 5 µs of a point read's 6.
 * Behind a unary plus a value is not looked at, and a plan is the same for all.
 */
function keepPlans(sqlite: Sqlite): Sqlite {
  const prepare = sqlite.prepare.bind(sqlite) as (sql: string) => Database.Statement;
  return Object.assign(sqlite, { prepare: (sql: string) => prepare(sql.replace(PARAMETER, '+$&')) });
}

function open(path: string, options: Database.Options, configure: (sqlite: Sqlite) => void): Connection {
  const sqlite = keepPlans(new Database(path, options));
  try {
    configure(sqlite);
  } catch (error) {
    sqlite.close();
    throw error;
  }
  return { sqlite };
}
