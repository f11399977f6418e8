/**
 * Reads messages through the index. FTS5 is asked for rows newest first and never for its rank, which would read the whole
 * list of a frequent word; every statement ends after a bounded number of rows.
 */
import type { Sqlite } from './index-db.ts';
import { dayOf, scopeToken } from './tokenize.ts';

export interface Filter {
  readonly audienceIds: readonly number[];
  /** Lists: any of these; undefined: any at all. */
  readonly sessionPks: readonly number[] | undefined;
  readonly senderIds: readonly number[] | undefined;
  readonly visibilities: readonly number[] | undefined;
  readonly messageTypes: readonly number[] | undefined;
  /** Both inclusive. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly hasCode: boolean;
  /** Whether metadata is looked at. */
  readonly metadata: boolean;
  /** No message with a higher id. */
  readonly upTo: number;
}

export interface Candidate {
  readonly id: number;
  readonly sessionPk: number;
  readonly content: string;
  /** JSON; null: none. */
  readonly metadata: string | null;
}

export interface CandidateSource {
  /** Ids of the newest rows that match an expression of FTS5 and that the filter lets through. */
  match(expression: string, filter: Filter, limit: number): readonly number[];
  /** The rows of these ids, in their order, until they have more than `maxChars` of content. */
  load(ids: readonly number[], maxChars: number): readonly Candidate[];
  /** Rows that the index does not hold, or not as they are now; `all`: whether these are all of them. */
  unindexed(filter: Filter): { readonly rows: readonly Candidate[]; readonly all: boolean };
  /** Indexed messages that some of these audiences see and that hold a word, counted up to {@link MAX_COUNT}. */
  readonly countOf: (word: string, audienceIds: readonly number[]) => number;
}

/**
 * Rows looked at before the filter has let enough of them through: first without the audiences, because a list of all that
 * everybody may see costs more to intersect with than the few rows of a rare word to look at; then with them.
 */
const MAX_TRIED = 500;
const MAX_SCANNED = 20_000;
const MAX_UNINDEXED = 1000;
const MAX_UNINDEXED_CHARS = 1_000_000;
export const MAX_COUNT = 100;
/** Days or blocks of days that a statement may name. */
const MAX_SPAN_TOKENS = 400;

export function createCandidateSource(sqlite: Sqlite): CandidateSource {
  const columns = 'm.id, m.session_id AS sessionPk, m.content, m.metadata';
  // Truth is asked for every row: what the index says of audiences may be old.
  const isAudience = `EXISTS (SELECT 1 FROM json_each(:audiences) v CROSS JOIN hub.message_audiences a
      WHERE a.audience_id = v.value AND a.session_id = m.session_id AND a.message_id = m.id)`;
  const visible = `m.id <= :upTo AND ${isAudience}
    AND (:sessions IS NULL OR m.session_id IN (SELECT value FROM json_each(:sessions)))
    AND (:senders IS NULL OR m.sender_id IN (SELECT value FROM json_each(:senders)))
    AND (:visibilities IS NULL OR m.visibility IN (SELECT value FROM json_each(:visibilities)))
    AND (:types IS NULL OR m.message_type IN (SELECT value FROM json_each(:types)))
    AND (:since IS NULL OR m.created_at >= :since) AND (:until IS NULL OR m.created_at <= :until)`;
  // The order of the inner statement stays: it is a coroutine, read as far as it is asked, and the outermost loop.
  const matching = sqlite
    .prepare<[Record<string, unknown>], [id: number, passes: number | null]>(
      `SELECT d.rowid, ${visible} FROM
      (SELECT rowid FROM docs WHERE docs MATCH :expression AND rowid <= :upTo ORDER BY rowid DESC LIMIT :scanned) d
      LEFT JOIN hub.messages m ON m.id = d.rowid`,
    )
    .raw();
  const loading = sqlite.prepare<[string], Candidate>(
    `SELECT ${columns} FROM json_each(?) i CROSS JOIN hub.messages m ON m.id = i.value`,
  );
  const newer = sqlite
    .prepare<[number, number], number>(`SELECT id FROM hub.messages WHERE id > ? ORDER BY id DESC LIMIT ?`)
    .pluck();
  const changed = sqlite
    .prepare<[number, number], number>(
      `SELECT message_id FROM hub.message_changes WHERE seq > ? ORDER BY seq DESC LIMIT ?`,
    )
    .pluck();
  const visibleOf = sqlite
    .prepare<[Record<string, unknown>], number>(
      `SELECT m.id FROM json_each(:ids) i CROSS JOIN hub.messages m ON m.id = i.value WHERE ${visible}`,
    )
    .pluck();
  const watermark = sqlite.prepare<[], number>('SELECT watermark FROM main.state').pluck();
  const count = sqlite
    .prepare<[string], number>(
      `SELECT count(*) FROM (SELECT 1 FROM docs WHERE docs MATCH ? LIMIT ${MAX_COUNT})`,
    )
    .pluck();
  const seen = sqlite.prepare<[{ expression: string; audiences: string }], { rows: number; seen: number }>(
    `SELECT count(*) AS rows, coalesce(sum(${isAudience}), 0) AS seen FROM
      (SELECT rowid FROM docs WHERE docs MATCH :expression LIMIT ${MAX_COUNT}) d
      LEFT JOIN hub.messages m ON m.id = d.rowid`,
  );
  const firstTime = sqlite
    .prepare<[number], number | null>(
      'SELECT min(created_at) FROM hub.message_audiences WHERE audience_id = ?',
    )
    .pluck();
  const lastTime = sqlite
    .prepare<[number], number | null>(
      'SELECT max(created_at) FROM hub.message_audiences WHERE audience_id = ?',
    )
    .pluck();

  /** Tokens of the days that a filter leaves, as far as the caller's messages go; none if they would be too many. */
  function spanTokens({ audienceIds, since, until }: Filter): readonly string[] {
    if (since === undefined && until === undefined) return [];
    const first = since ?? Math.min(...audienceIds.map((id) => firstTime.get(id) ?? Infinity));
    const last = Math.min(
      until ?? Infinity,
      Math.max(...audienceIds.map((id) => lastTime.get(id) ?? -Infinity)),
    );
    const from = dayOf(first);
    const to = dayOf(last);
    const days = range(from.day, to.day);
    return days.length > 0 ? days.map(scopeToken.day) : range(from.block, to.block).map(scopeToken.block);
  }

  function scopeOf(filter: Filter): string {
    const { sessionPks, senderIds, visibilities, messageTypes, hasCode } = filter;
    return allOf([
      anyOf((sessionPks ?? []).map(scopeToken.session)),
      anyOf((senderIds ?? []).map(scopeToken.sender)),
      anyOf((visibilities ?? []).map(scopeToken.visibility)),
      anyOf((messageTypes ?? []).map(scopeToken.messageType)),
      anyOf(spanTokens(filter)),
      hasCode ? scopeToken.code : '',
    ]);
  }

  function load(ids: readonly number[], maxChars: number): readonly Candidate[] {
    const rows: Candidate[] = [];
    let chars = 0;
    for (const row of loading.iterate(JSON.stringify(ids))) {
      rows.push(row);
      chars += row.content.length;
      if (chars > maxChars) break;
    }
    return rows;
  }

  /** The newest rows that pass. `all`: there are no others among the first `limit`, so far as `scanned` rows were enough. */
  function scan(expression: string, filter: Filter, limit: number, scanned: number) {
    const ids: number[] = [];
    let rows = 0;
    for (const [id, passes] of matching.iterate({ ...bindOf(filter), expression, scanned })) {
      rows++;
      if (passes === 1 && ids.push(id) === limit) return { ids, all: true };
    }
    return { ids, all: rows < scanned };
  }

  return {
    load,
    match(expression, filter, limit) {
      const narrowed = allOf([scopeOf(filter), expression]);
      const tried = narrowed === '' ? undefined : scan(narrowed, filter, limit, MAX_TRIED);
      if (tried?.all === true) return tried.ids;
      return scan(allOf([audienceOf(filter), narrowed]), filter, limit, MAX_SCANNED).ids;
    },
    unindexed(filter) {
      const after = watermark.get() ?? 0;
      const newest = newer.all(after, MAX_UNINDEXED);
      const others = changed.all(after, MAX_UNINDEXED);
      const ids = JSON.stringify([...new Set([...newest, ...others])]);
      const visibleIds = visibleOf.all({ ...bindOf(filter), ids });
      const rows = load(visibleIds, MAX_UNINDEXED_CHARS);
      const all = newest.length < MAX_UNINDEXED && others.length < MAX_UNINDEXED;
      return { rows, all: all && rows.length === visibleIds.length };
    },
    countOf(word, audienceIds) {
      const expression = quote(word);
      const found = seen.get({ expression, audiences: JSON.stringify(audienceIds) });
      if (found !== undefined && found.rows < MAX_COUNT) return found.seen;
      return count.get(allOf([audienceOf({ audienceIds }), expression])) ?? 0;
    },
  };
}

const audienceOf = ({ audienceIds }: Pick<Filter, 'audienceIds'>): string =>
  anyOf(audienceIds.map(scopeToken.audience));

const list = (values: readonly number[] | undefined): string | null =>
  values === undefined ? null : JSON.stringify(values);

function bindOf(filter: Filter): Record<string, unknown> {
  return {
    audiences: list(filter.audienceIds),
    sessions: list(filter.sessionPks),
    senders: list(filter.senderIds),
    visibilities: list(filter.visibilities),
    types: list(filter.messageTypes),
    since: filter.since ?? null,
    until: filter.until ?? null,
    upTo: filter.upTo,
  };
}

function range(from: number, to: number): readonly number[] {
  if (!(to - from < MAX_SPAN_TOKENS)) return [];
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

export const quote = (word: string): string => `"${word}"`;
export const anyOf = (terms: readonly string[]): string => joined(terms, ' OR ');
export const allOf = (terms: readonly string[]): string => joined(terms, ' AND ');

function joined(terms: readonly string[], operator: string): string {
  const some = terms.filter((term) => term !== '');
  return some.length < 2 ? (some[0] ?? '') : `(${some.join(operator)})`;
}
