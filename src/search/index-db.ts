/**
 * search.db: a contentless FTS5 index of the messages of hub.db. Everything in it can be made again from there, so one that
 * does not fit is thrown away; nothing in it decides what a caller sees.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import Database from 'better-sqlite3';
import { ensurePrivateFile } from '../lib/private-file.ts';
import { TOKENIZER_VERSION } from './tokenize.ts';

export type Sqlite = Database.Database;

/** Of the tables below: an index of another version is made anew. */
const INDEX_VERSION = 2;
/** Says that a file is an index of this hub, `schx`: anything else is moved aside, not deleted. */
const APPLICATION_ID = 0x73636878;

const BUSY_TIMEOUT_MS = 5000;
const MMAP_BYTES = 2 * 1024 ** 3;
const WRITER_CACHE_KIB = 8_192;
const READER_CACHE_KIB = 16_384;
/** The fewer checkpoints, the less often the disk is busy with the index while somebody's message waits for it. */
const CHECKPOINT_PAGES = 4000;
const WAL_KEPT_BYTES = 64 * 1024 ** 2;

/**
 * The words come from tokenize.ts, joined by spaces; `words` lists those that may be misspelt, and `word_counts` counts for
 * each audience the messages that ever held one, so that nobody's answers depend on what others hide. `scope` holds a token per audience and one for the session, so that a
 * query is narrowed inside of FTS; it narrows only, what is shown is decided by hub.message_audiences.
 */
const TABLES = `
  CREATE VIRTUAL TABLE docs USING fts5(
    text, parts, scope, content='', contentless_delete=1, tokenize="ascii tokenchars '_'");
  CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
  CREATE TABLE word_counts (
    audience_id INTEGER NOT NULL,
    word_id INTEGER NOT NULL,
    df INTEGER NOT NULL,
    PRIMARY KEY (audience_id, word_id)) WITHOUT ROWID;
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    tokenizer INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    generation TEXT NOT NULL,
    watermark INTEGER NOT NULL);`;

const FIRST_STATE =
  'INSERT INTO state (id, version, tokenizer, epoch, generation, watermark) VALUES (1, ?, ?, ?, ?, 0)';

export interface IndexState {
  /** Another one whenever the index begins again from nothing. */
  readonly generation: string;
  /** Position of hub.db up to which messages and their changes are in the index. */
  readonly watermark: number;
}

interface StateRow extends IndexState {
  readonly version: number;
  readonly tokenizer: number;
  readonly epoch: string;
}

/** Where the index of a database lies: beside it, `search.db` for `hub.db`. */
export function indexPathOf(hubPath: string): string {
  const name = basename(hubPath, extname(hubPath));
  return join(dirname(hubPath), name === 'hub' ? 'search.db' : `${name}.search.db`);
}

/**
 * Opens the index for writing, for a hub of this epoch that has come to position `lastSeq`. One that is missing, damaged,
 * of another version, of another hub or ahead of it gives way to an empty one, and so does one that has not come as far as
 * `forgotten`: up to there the hub no longer knows which messages changed.
 */
export function openIndex(path: string, epoch: string, lastSeq: number, forgotten = 0): Sqlite {
  const owner = ownerOf(path);
  if (owner === 'us') {
    try {
      const found = openWriter(path);
      const state = readRow(found);
      if (state !== undefined && fits(state, epoch) && isBetween(state.watermark, forgotten, lastSeq))
        return found;
      found.close();
    } catch (error) {
      if (!isUnusable(error)) throw error;
    }
  } else if (owner === 'others') renameSync(path, `${path}.foreign`);
  removeIndex(path);
  return makeIndex(path, epoch);
}

function makeIndex(path: string, epoch: string): Sqlite {
  ensurePrivateFile(path);
  const sqlite = openWriter(path);
  return prepared(sqlite, () => {
    sqlite.exec(`BEGIN; ${TABLES} PRAGMA application_id = ${APPLICATION_ID};`);
    sqlite.exec("INSERT INTO docs (docs, rank) VALUES ('usermerge', 2)");
    sqlite.prepare(FIRST_STATE).run(INDEX_VERSION, TOKENIZER_VERSION, epoch, newGeneration());
    sqlite.exec('COMMIT');
  });
}

/** Empties the index: it begins again. */
export function emptyIndex(index: Sqlite): void {
  index.transaction(() => {
    index.exec("INSERT INTO docs (docs) VALUES ('delete-all'); DELETE FROM words; DELETE FROM word_counts");
    index.prepare('UPDATE state SET watermark = 0, generation = ?').run(newGeneration());
  })();
}

/** The index and, as `hub`, the database, for reading. @throws if there is no index that fits the hub. */
export function openForSearch(indexPath: string, hubPath: string): Sqlite {
  const sqlite = new Database(indexPath, { readonly: true, fileMustExist: true });
  return prepared(sqlite, () => {
    attachHub(sqlite, hubPath);
    const state = hasOurId(sqlite) ? readRow(sqlite) : undefined;
    if (state === undefined || !fits(state, epochOf(sqlite))) throw new Error('there is no index that fits');
  });
}

/** As {@link openForSearch}, with an index that holds nothing: for while there is none. */
export function openWithoutIndex(hubPath: string): Sqlite {
  const sqlite = new Database(':memory:');
  return prepared(sqlite, () => {
    sqlite.exec(TABLES);
    attachHub(sqlite, hubPath);
    sqlite.prepare(FIRST_STATE).run(INDEX_VERSION, TOKENIZER_VERSION, epochOf(sqlite), '');
    sqlite.pragma('query_only = ON');
  });
}

export function readState(index: Sqlite): IndexState {
  const { generation, watermark } =
    index.prepare<[], StateRow>('SELECT * FROM main.state').get() ?? missing();
  return { generation, watermark };
}

/** Deletes an index that cannot be read. */
export function removeIndex(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${suffix}`, { force: true });
}

/** Failures that say that the file is no good, not that the disk or the statement is. */
export function isUnusable(thrown: unknown): boolean {
  return thrown instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(thrown.code);
}

function openWriter(path: string): Sqlite {
  const sqlite = new Database(path);
  return prepared(sqlite, () => {
    sqlite.pragma('journal_mode = WAL');
    // What a power cut takes away is indexed again; the file stays whole.
    sqlite.pragma('synchronous = NORMAL');
    sqlite.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    sqlite.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`);
    sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    sqlite.pragma(`cache_size = -${WRITER_CACHE_KIB}`);
    sqlite.pragma('temp_store = MEMORY');
  });
}

function attachHub(sqlite: Sqlite, hubPath: string): void {
  sqlite.prepare('ATTACH ? AS hub').run(hubPath);
  sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  sqlite.pragma(`mmap_size = ${MMAP_BYTES}`);
  sqlite.pragma(`main.cache_size = -${READER_CACHE_KIB}`);
  sqlite.pragma('temp_store = MEMORY');
}

function prepared(sqlite: Sqlite, prepare: () => void): Sqlite {
  try {
    prepare();
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

const hasOurId = (sqlite: Sqlite): boolean =>
  sqlite.pragma('main.application_id', { simple: true }) === APPLICATION_ID;

const fits = (state: StateRow, epoch: string): boolean =>
  state.version === INDEX_VERSION && state.tokenizer === TOKENIZER_VERSION && state.epoch === epoch;

const isBetween = (value: number, least: number, most: number): boolean => value >= least && value <= most;

const newGeneration = (): string => randomBytes(6).toString('base64url');

function readRow(sqlite: Sqlite): StateRow | undefined {
  return sqlite.prepare<[], StateRow>('SELECT * FROM main.state').get();
}

function epochOf(sqlite: Sqlite): string {
  return String(sqlite.prepare('SELECT epoch FROM hub.hub').pluck().get());
}

function missing(): never {
  throw new Error('the index has no state');
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Looks without changing anything: somebody else's file is not ours to write to, or to delete. */
function ownerOf(path: string): 'nobody' | 'us' | 'others' {
  if (sizeOf(path) === 0) return 'nobody';
  const sqlite = new Database(path, { readonly: true });
  try {
    if (hasOurId(sqlite)) return 'us';
    const tables = sqlite.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
    return tables === 0 ? 'nobody' : 'others';
  } catch (error) {
    if (!isUnusable(error)) throw error;
    return headerIsOurs(path) ? 'us' : 'others';
  } finally {
    sqlite.close();
  }
}

function headerIsOurs(path: string): boolean {
  const header = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  return header.toString('latin1', 0, 15) === 'SQLite format 3' && header.readUInt32BE(68) === APPLICATION_ID;
}
