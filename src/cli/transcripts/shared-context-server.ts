/**
 * The database of leoric-crown/shared-context-server: sessions, messages and memory, read page by page through a connection
 * that cannot write. Its times are texts in UTC, with or without a zone, or seconds since the epoch, whole or not.
 */
import { openSync, readSync, closeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { systemReason } from '../../lib/system-error.ts';
import { CliError, EXIT } from '../output.ts';
import { fieldsOf, given, stringOf } from './records.ts';
import type { Fields, Skips, TranscriptRecord } from './records.ts';

const HEADER = 'SQLite format 3\0';
const PAGE = 500;
/** Larger numbers are milliseconds. */
const LATEST_SECONDS = 1e11;
const NOT_TAKEN: Readonly<Record<string, string>> = {
  audit_log: 'rows of audit_log: the audit log of a hub speaks of that hub alone',
  secure_tokens: 'rows of secure_tokens: they open nothing here',
};

export function isSqlite(file: string): boolean {
  const bytes = Buffer.alloc(HEADER.length);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(handle);
  }
  return bytes.toString('latin1') === HEADER;
}

/** @throws CliError if the file is none of that program's. */
export function* serverRecords(
  file: string,
  skips: Skips,
  onRows: (rows: number) => void,
): Generator<TranscriptRecord> {
  const db = openDatabase(file);
  try {
    for (const row of rowsOf(db, 'sessions', onRows)) yield sessionRecord(row);
    for (const row of rowsOf(db, 'messages', onRows)) {
      if (stringOf(row['content'])?.trim()) yield messageRecord(row);
      else skips.add('messages without text');
    }
    for (const row of rowsOf(db, 'agent_memory', onRows)) yield memoryRecord(row);
    for (const [table, reason] of Object.entries(NOT_TAKEN)) {
      const count = hasTable(db, table)
        ? Number(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get())
        : 0;
      if (count > 0) skips.add(reason, count);
    }
  } finally {
    db.close();
  }
}

/** How many rows there are to read. @throws CliError as {@link serverRecords} */
export function countRows(file: string): number {
  const db = openDatabase(file);
  try {
    return ['sessions', 'messages', 'agent_memory']
      .filter((table) => hasTable(db, table))
      .reduce((sum, table) => sum + Number(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()), 0);
  } finally {
    db.close();
  }
}

function openDatabase(file: string): Database.Database {
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { readonly: true, fileMustExist: true });
    if (hasTable(db, 'sessions') && hasTable(db, 'messages')) return db;
  } catch (error) {
    db?.close();
    throw new CliError(EXIT.usage, `${file} cannot be read: ${systemReason(error)}.`, { cause: error });
  }
  db.close();
  throw new CliError(
    EXIT.usage,
    `${file} has no tables sessions and messages: it is no database of shared-context-server.`,
  );
}

const hasTable = (db: Database.Database, name: string): boolean =>
  db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;

/** In the order in which they were made. */
function* rowsOf(db: Database.Database, table: string, onRows: (rows: number) => void): Generator<Fields> {
  if (!hasTable(db, table)) return;
  const page = db.prepare<[number], Fields & { at: number }>(
    `SELECT rowid AS at, * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE}`,
  );
  for (let after = 0; ;) {
    const rows = page.all(after);
    yield* rows;
    onRows(rows.length);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.at;
  }
}

function sessionRecord(row: Fields): TranscriptRecord {
  return {
    record: 'session',
    session: String(row['id']),
    purpose: (stringOf(row['purpose'])?.trim() || String(row['id'])).slice(0, 2000),
    created_by: label(row['created_by']),
    created_at: timeOf(row['created_at']),
    is_active: row['is_active'] !== 0,
    metadata: jsonOf(row['metadata']),
  };
}

function messageRecord(row: Fields): TranscriptRecord {
  const parent = row['parent_message_id'];
  return {
    id: String(row['id']),
    session: String(row['session_id']),
    sender: label(row['sender']),
    sender_type: label(row['sender_type'] ?? 'generic'),
    timestamp: timeOf(row['timestamp']),
    content: row['content'],
    parent: typeof parent === 'number' ? String(parent) : null,
    ...given({ visibility: row['visibility'], kind: row['message_type'] }),
    metadata: jsonOf(row['metadata']),
  };
}

function memoryRecord(row: Fields): TranscriptRecord {
  const expires = row['expires_at'];
  return {
    record: 'memory',
    agent: label(row['agent_id']),
    session: stringOf(row['session_id']) ?? null,
    key: row['key'],
    value: valueOf(row['value']),
    created_at: timeOf(row['created_at']),
    updated_at: timeOf(row['updated_at'] ?? row['created_at']),
    expires_at: expires === null || expires === undefined ? null : timeOf(expires),
    metadata: jsonOf(row['metadata']),
  };
}

/** A name of at most as many printable characters as a label has. */
const label = (value: unknown): string =>
  (typeof value === 'string' ? value : '')
    .replace(/[\p{Cc}\p{Cs}]+/gu, ' ')
    .trim()
    .slice(0, 100) || 'unknown';

function timeOf(value: unknown): string {
  const number = typeof value === 'number' ? value : Number(stringOf(value)?.trim() || Number.NaN);
  const ms = Number.isNaN(number)
    ? textTime(stringOf(value) ?? '')
    : number > LATEST_SECONDS
      ? number
      : number * 1000;
  return new Date(Number.isNaN(ms) ? 0 : Math.round(ms)).toISOString();
}

function textTime(text: string): number {
  const iso = text.trim().replace(' ', 'T');
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(iso) ? iso : `${iso}Z`);
}

const jsonOf = (value: unknown): Fields => fieldsOf(valueOf(value));

/** What was stored as JSON text; text that is none is itself. */
function valueOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
