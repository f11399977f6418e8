/** Collects the SQL that the store prepares, and judges how SQLite would run it. */
import Database from 'better-sqlite3';

export interface Recording {
  /** Each text once. */
  readonly texts: ReadonlySet<string>;
  stop(): void;
}

/** Records every statement that this process prepares from now on. */
export function recordSql(): Recording {
  const texts = new Set<string>();
  const { prepare } = Database.prototype;
  Database.prototype.prepare = function (this: Database.Database, sql: string) {
    texts.add(sql.replace(/\s+/g, ' ').trim());
    return Reflect.apply(prepare, this, [sql]) as never;
  };
  return {
    texts,
    stop() {
      Database.prototype.prepare = prepare;
    },
  };
}

export interface Allowed {
  /** A part of the statement. */
  readonly sql: RegExp;
  /** A part of the step that is allowed. */
  readonly step: RegExp;
  readonly why: string;
}

const QUERY = /^(select|insert|update|delete|with)\b/i;
/** What is read from one end to the other, sorted, or indexed on the spot; and what of a whole workspace or audience. */
const COSTLY = /^SCAN |USE TEMP B-TREE|AUTOMATIC|\((workspace_id|audience_id)=\?\)/;
/** Arrays of arguments are tables to SQLite; a constant is a row. */
const ARGUMENT = /^SCAN \w+ VIRTUAL TABLE INDEX|^SCAN CONSTANT ROW|^SCAN \d+ CONSTANT ROWS?/;
/** Tables that stay small: one row, and one per workspace. */
const TINY = /^SCAN (hub|workspaces)\b/;

export function planOf(db: Database.Database, sql: string): string[] {
  const positional = [...sql.matchAll(/\?/g)].map(() => 1);
  const named = Object.fromEntries([...sql.matchAll(/:([a-z]\w*)/gi)].map(([, name]) => [name, 1]));
  const args = Object.keys(named).length === 0 ? positional : [...positional, named];
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...args) as { detail: string }[];
  return rows.map((row) => row.detail);
}

/** The steps that would grow with the tables, and which of the exceptions were needed. */
export function judge(db: Database.Database, texts: Iterable<string>, allowed: readonly Allowed[]) {
  const complaints: string[] = [];
  const used = new Set<Allowed>();
  for (const sql of texts) {
    if (!QUERY.test(sql)) continue;
    for (const step of planOf(db, sql)) {
      if (!COSTLY.test(step) || ARGUMENT.test(step) || TINY.test(step)) continue;
      const exception = allowed.find((one) => one.sql.test(sql) && one.step.test(step));
      if (exception === undefined) complaints.push(`${step} — in — ${sql}`);
      else used.add(exception);
    }
  }
  return { complaints, unused: allowed.filter((one) => !used.has(one)).map((one) => one.why) };
}
