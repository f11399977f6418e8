/** Hubs to search in: real conversations where the data folder is there, generated ones elsewhere. */
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { Ctx, Permission } from '../src/context.ts';
import { createImportService } from '../src/features/import/service.ts';
import type { Line } from '../src/lib/lines.ts';
import { indexPathOf, openForSearch, openIndex, type Sqlite } from '../src/search/index-db.ts';
import { createIndexer } from '../src/search/indexer.ts';
import { openReader } from '../src/store/sqlite/connection.ts';
import type { SqliteStore } from '../src/store/sqlite/store.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { openBenchStore } from './million.ts';
import { random, type Random } from './random.ts';

const DATA = new URL('../../shared/data/', import.meta.url);
const CONVERSATIONS = new URL('messages.jsonl.gz', DATA);
export const MISSPELLINGS = new URL('misspellings.tsv', DATA);
export const hasConversations = (): boolean => existsSync(CONVERSATIONS);

const UNWATCHED = { note: () => undefined };
const UNLIMITED = {
  ...{ maxMessagesPerSession: 1e9, maxMessageLength: 1e5, maxMetadataBytes: 1e4 },
  ...{ maxMemoryEntriesPerAgent: 1e9, maxMemoryValueBytes: 1e5, maxSessionsPerAgent: 1e9 },
  ...{ maxMemoryVersions: 20, maxMemoryHistoryBytes: 2e5 },
  maxStreamsPerKey: 1e9,
};

export interface Corpus extends Disposable {
  /** search.db, with hub.db as `hub`. */
  readonly sqlite: Sqlite;
  /** Of `public` and `admin`: an admin sees every imported message. */
  readonly audienceIds: readonly number[];
  readonly messages: number;
  /** Where both lie. */
  readonly folder: string;
}

/** As it is. */
const same = (text: string): string => text;

/**
 * A hub with so many messages, and its index as it is after a rest, made by the hub's own parts. `change`: what becomes of
 * each line of the import, by its number.
 */
export async function makeCorpus(
  messages: number,
  change: (text: string, index: number) => string = same,
): Promise<Corpus> {
  const folder = mkdtempSync(join(tmpdir(), 'schub-bench-'));
  const hubPath = join(folder, 'hub.db');
  const store = await openBenchStore(hubPath, 1);
  const lines = hasConversations() ? repeatedConversations(messages) : generated(messages);
  const imported = await importLines(store, changed(lines, change));
  const { epoch } = store;
  await store.close();
  makeIndex(hubPath, epoch);
  const sqlite = openForSearch(indexPathOf(hubPath), hubPath);
  const audienceIds = sqlite
    .prepare<[], number>("SELECT id FROM hub.audiences WHERE name IN ('public', 'admin')")
    .pluck()
    .all();
  return {
    ...{ sqlite, audienceIds, messages: imported, folder },
    [Symbol.dispose]() {
      sqlite.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function makeIndex(hubPath: string, epoch: string): void {
  const hub = openReader(hubPath).sqlite;
  const index = openIndex(indexPathOf(hubPath), epoch, Number.MAX_SAFE_INTEGER);
  const indexer = createIndexer(hub, index);
  for (let step = indexer.step(); step.watermark < step.target;) step = indexer.step();
  while (indexer.merge());
  index.close();
  hub.close();
}

/** Stores lines as `schub import` does. */
async function importLines(store: SqliteStore, lines: AsyncIterable<Line>): Promise<number> {
  await store.write((tx) => tx.workspaces.ensure('default', Date.now()));
  const ctx: Ctx = {
    principal: {
      ...{ keyId: 'bench', keyName: 'bench', workspace: 'default', agentId: 'bench', agentType: 'human' },
      permissions: new Set<Permission>(['read', 'write', 'admin']),
    },
    requestId: 'bench',
    signal: new AbortController().signal,
    log: createLogger({ level: 'silent', format: 'json' }),
  };
  const report = await createImportService({
    store,
    limits: UNLIMITED,
    now: Date.now,
    auditor: UNWATCHED,
  }).run(ctx, lines);
  if (report.failed > 0) throw new Error(JSON.stringify(report.problems.slice(0, 3)));
  return report.imported;
}

async function* changed(
  lines: AsyncIterable<{ text: string }>,
  change: (text: string, index: number) => string,
): AsyncGenerator<Line> {
  let index = 0;
  for await (const { text } of lines) yield { text: change(text, index++) };
}

interface Conversation {
  readonly id: string;
  readonly session: string;
  readonly content: string;
  readonly parent: string | null;
}

/** The conversations again and again, in other sessions and, from the second time on, with words of their own. */
async function* repeatedConversations(messages: number): AsyncGenerator<{ text: string }> {
  let count = 0;
  for (let round = 0; count < messages; round++) {
    const input = createReadStream(CONVERSATIONS).pipe(createGunzip());
    for await (const text of createInterface({ input })) {
      if (count++ >= messages) break;
      yield { text: round === 0 ? text : inRound(text, round) };
    }
  }
}

function inRound(text: string, round: number): string {
  const line = JSON.parse(text) as Conversation;
  const ending = String.fromCharCode(97 + (round % 26), 97 + ((round * 7) % 26));
  return JSON.stringify({
    ...line,
    id: `${line.id}-${round}`,
    session: `${line.session}-${round}`,
    parent: line.parent === null ? null : `${line.parent}-${round}`,
    content: line.content.replace(/\b[a-z]{7,12}\b/g, (word) =>
      (word.length * 7 + word.charCodeAt(2) + round) % 5 === 0 ? word + ending : word,
    ),
  });
}

const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo zy cra ble dri stu'.split(' ');
const WORDS = 8000;
const LINES_PER_SESSION = 200;

/** Messages of made words, which are as unevenly frequent as real ones. */
async function* generated(messages: number): AsyncGenerator<{ text: string }> {
  const rng = random(1);
  const words = Array.from({ length: WORDS }, () => madeWord(rng));
  for (let i = 0; i < messages; i++) {
    const content = Array.from({ length: 5 + rng.below(60) }, () => words[zipf(rng)]).join(' ');
    yield {
      text: JSON.stringify({
        ...{ id: `line-${i}`, session: `session-${Math.floor(i / LINES_PER_SESSION)}`, parent: null },
        ...{ sender: `sender-${rng.below(40)}`, content },
        timestamp: new Date(1_700_000_000_000 + i * 1000).toISOString(),
      }),
    };
  }
}

const madeWord = (rng: Random): string =>
  Array.from({ length: 2 + rng.below(4) }, () => rng.pick(SYLLABLES)).join('');

/** The n-th word about 1/n as often as the first. */
const zipf = (rng: Random): number => Math.floor(WORDS ** rng.next()) - 1;
