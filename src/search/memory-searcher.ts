/**
 * Finds memory entries by key and value. There is no index of them: what one caller may see is few enough to be looked at,
 * the keys of all and the beginnings of the newest values.
 */
import Fuse from 'fuse.js';
import type { Names } from '../store/sqlite/names.ts';
import { exactGroup, expandGroup, type Group } from './expand.ts';
import { wordsOf } from './fresh-words.ts';
import type { Sqlite } from './index-db.ts';
import { parseQuery, type ParsedQuery } from './query.ts';
import { createMatcher, scoreOf, type Matcher } from './score.ts';
import { snippetOf } from './snippet.ts';

export interface MemorySearch {
  readonly query: string;
  readonly workspace: string;
  /** Whose entries: an agent's pk, null for shared ones. */
  readonly owners: readonly (number | null)[];
  /** Only of this session. */
  readonly sessionPk?: number;
  /** 0–100; 100: exact words only. */
  readonly fuzzyThreshold: number;
  readonly limit: number;
  /** Milliseconds since the epoch: what has expired is not found. */
  readonly now: number;
}

export interface MemoryHit {
  readonly pk: number;
  /** 0–100; one decimal. */
  readonly score: number;
  readonly snippet: string;
}

interface Key {
  readonly pk: number;
  readonly key: string;
}

interface Entry extends Key {
  /** Key and value, as a text. */
  readonly text: string;
}

const MAX_KEYS = 20_000;
const MAX_VALUES = 1000;
const MAX_VALUE_CHARS = 1000;
const MAX_LIKE_KEYS = 40;
/** What a key that is merely like the query is worth, at best. */
const LIKE_KEY = 70;
/** Shared memory, as the table keeps it. */
const NOBODY = 0;

export function createMemorySearcher(
  sqlite: Sqlite,
  names: Names,
): (search: MemorySearch) => readonly MemoryHit[] {
  const keysOf = sqlite.prepare<[Record<string, unknown>], Key>(`
    SELECT e.id AS pk, e.key FROM json_each(:owners) o CROSS JOIN hub.memory_entries e
      ON e.workspace_id = :workspace AND e.owner_id = o.value AND (:session IS NULL OR e.session_id = :session)
    LIMIT ${MAX_KEYS}`);
  const values = sqlite.prepare<[string, number], { pk: number; value: string }>(`
    SELECT e.id AS pk, substr(e.value, 1, ${MAX_VALUE_CHARS}) AS value
    FROM json_each(?) j CROSS JOIN hub.memory_entries e ON e.id = j.value
    WHERE e.expires_at IS NULL OR e.expires_at > ?`);

  /** The newest with their values. */
  function read({ workspace, owners, sessionPk, now }: MemorySearch): readonly Entry[] {
    const workspaceId = names.workspace(workspace);
    if (workspaceId === undefined) return [];
    const keys = keysOf.all({
      workspace: workspaceId,
      owners: JSON.stringify(owners.map((owner) => owner ?? NOBODY)),
      session: sessionPk ?? null,
    });
    keys.sort((a, b) => b.pk - a.pk);
    const newest = keys.slice(0, MAX_VALUES).map(({ pk }) => pk);
    const known = new Map(values.all(JSON.stringify(newest), now).map(({ pk, value }) => [pk, value]));
    return keys.map(({ pk, key }) => ({ pk, key, text: `${key} ${plain(known.get(pk) ?? '')}` }));
  }

  return (search) => {
    const query = parseQuery(search.query);
    // What is asked of messages alone is asked of no memory.
    const ofMessages = [query.from, query.sessions, query.types, query.visibilities].some(
      (names) => names.length > 0,
    );
    if (!query.asks || ofMessages || query.hasCode) return [];
    const entries = read(search);
    const matcher = matcherOf(query, entries, search.fuzzyThreshold / 100);
    const scores = new Map<number, number>();
    for (const [at, { pk, text }] of entries.entries()) {
      const match = matcher.match(text);
      if (match !== undefined) scores.set(pk, scoreOf(match, 1 - at / entries.length));
    }
    if (query.phrases.length + query.excluded.length === 0) {
      for (const { item, score = 1 } of likeKeys(entries, search)) {
        const worth = Math.round((1 - score) * LIKE_KEY * 10) / 10;
        scores.set(item.pk, Math.max(worth, scores.get(item.pk) ?? 0));
      }
    }
    return entries
      .flatMap(({ pk, text }) => {
        const score = scores.get(pk);
        return score === undefined ? [] : [{ pk, score, text }];
      })
      .sort((a, b) => b.score - a.score || b.pk - a.pk)
      .slice(0, search.limit)
      .map(({ pk, score, text }) => ({ pk, score, snippet: snippetOf(text, matcher) }));
  };
}

function matcherOf(query: ParsedQuery, entries: readonly Entry[], threshold: number): Matcher {
  const words = wordsOf(entries.map(({ text }) => text));
  const deps = { words, countOf: (word: string) => words.dfs([word])[0] ?? 0 };
  const total = entries.length;
  const exact = query.words.map((word) => exactGroup(word, total, deps));
  const groups: Group[] =
    threshold >= 1 ? exact : exact.map((group) => expandGroup(group, total, threshold, deps));
  for (const word of query.phrases.flat()) groups.push(exactGroup(word, total, deps));
  const phrases = query.phrases.map((phrase) => phrase.map(({ word }) => word));
  return createMatcher(groups, phrases, query.excluded);
}

/** Keys that are like the whole query, however it is divided into words. */
function likeKeys(entries: readonly Entry[], { query, fuzzyThreshold }: MemorySearch) {
  if (fuzzyThreshold >= 100) return [];
  const fuse = new Fuse(entries, {
    keys: ['key'],
    includeScore: true,
    ignoreLocation: true,
    threshold: 1 - fuzzyThreshold / 100,
  });
  return fuse.search(query.replace(/\s+/g, ''), { limit: MAX_LIKE_KEYS });
}

/** JSON with its escapes as spaces: they would become parts of words. */
const plain = (json: string): string => json.replace(/\\(?:u[\da-f]{4}|.)/gi, ' ').replace(/[{}[\]"]+/g, ' ');
