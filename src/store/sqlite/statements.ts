/** How long the statements of a connection take, and how SQLite runs them. Values never come here. */
import type Database from 'better-sqlite3';
import type { Sqlite } from './connection.ts';

/** `?` and `:name`; the hub's SQL has neither inside of literals. */
export const PARAMETER = /\?|:[a-z]\w*/gi;
/** What has a plan: to begin or commit a transaction has none. */
const PLANNED = /^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b/i;
/** Texts of statements are few, but for those with lists. */
const MOST_PLANS = 500;

/** Told of a statement that has run, with the rows that it read or wrote. */
export type OnRan = (sql: string, ms: number, rows: number) => void;

/** A statement that was the slowest of something, and how it was run if that is known. */
export interface Ran {
  readonly ms: number;
  readonly rows: number;
  readonly plan: readonly string[] | null;
}

type Run = (...values: readonly unknown[]) => unknown;

/** Has `onRan` told of everything that the connection prepares from now on. */
export function watchStatements(sqlite: Sqlite, onRan: OnRan): void {
  const prepare = sqlite.prepare.bind(sqlite) as (sql: string) => Database.Statement;
  Object.assign(sqlite, {
    prepare(sql: string) {
      const statement = prepare(sql);
      return PLANNED.test(sql) ? timed(statement, sql, onRan) : statement;
    },
  });
}

function timed(statement: Database.Statement, sql: string, onRan: OnRan): Database.Statement {
  const around =
    (run: Run, rowsOf: (answer: unknown) => number): Run =>
    (...values) => {
      const started = performance.now();
      const answer = run(...values);
      onRan(sql, performance.now() - started, rowsOf(answer));
      return answer;
    };
  const iterate = statement.iterate.bind(statement);
  function* rows(...values: readonly unknown[]): IterableIterator<unknown> {
    const all = iterate(...values);
    let ms = 0;
    let count = 0;
    try {
      for (;;) {
        const started = performance.now();
        const next = all.next();
        ms += performance.now() - started;
        if (next.done === true) return;
        count++;
        yield next.value;
      }
    } finally {
      all.return?.();
      onRan(sql, ms, count);
    }
  }
  return Object.assign(statement, {
    get: around(statement.get.bind(statement), (row) => (row === undefined ? 0 : 1)),
    all: around(statement.all.bind(statement), (found) => (found as readonly unknown[]).length),
    run: around(statement.run.bind(statement), (info) => (info as Database.RunResult).changes),
    iterate: rows,
  });
}

/** Asks SQLite how it runs a statement, once for each; null where this connection cannot run it. */
export function createPlans(sqlite: Sqlite): (sql: string) => readonly string[] | null {
  const known = new Map<string, readonly string[] | null>();
  return (sql) => {
    const before = known.get(sql);
    if (before !== undefined) return before;
    if (known.size >= MOST_PLANS) known.clear();
    const plan = explain(sqlite, sql);
    known.set(sql, plan);
    return plan;
  };
}

function explain(sqlite: Sqlite, sql: string): readonly string[] | null {
  const names = sql.match(PARAMETER) ?? [];
  const named = Object.fromEntries(names.filter((name) => name !== '?').map((name) => [name.slice(1), null]));
  const values = names.filter((name) => name === '?').map(() => null);
  try {
    const rows = sqlite
      .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...values, ...(Object.keys(named).length === 0 ? [] : [named]));
    return rows.map(({ detail }) => detail);
  } catch {
    return null;
  }
}

/** Of a thread: remembers the slowest statement of each call, with its plan. */
export function watchSlowest(sqlite: Sqlite): { begin(): void; slowest(): Ran | undefined } {
  let slowest: { readonly sql: string; readonly ms: number; readonly rows: number } | undefined;
  watchStatements(sqlite, (sql, ms, rows) => {
    if (ms > (slowest?.ms ?? 0)) slowest = { sql, ms, rows };
  });
  const planOf = createPlans(sqlite);
  return {
    begin() {
      slowest = undefined;
    },
    slowest() {
      if (slowest === undefined) return undefined;
      const { sql, ms, rows } = slowest;
      return { ms, rows, plan: planOf(sql) };
    },
  };
}
