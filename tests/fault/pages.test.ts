/**
 * Pages of the files are damaged while no hub runs: a random page, in a random way. `RUNS` is how often, `SEED` repeats a
 * sequence. A hub refuses such a database and leaves it as it is, or serves all that is in it; an index is made anew.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StartError } from '../../src/errors.ts';
import { reportFault } from '../_util/fault-report.ts';
import { DAMAGES, structuredPages, type Damage } from '../_util/page-damage.ts';
import { numbers } from '../_util/random.ts';
import { expectAgreement, indexed } from '../_util/search-index.ts';
import { startTestHub, temporaryFolder, type TestHub } from '../_util/test-hub.ts';

const RUNS = Number(process.env['RUNS'] ?? 14);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const MESSAGES = 120;
const PER_RUN_MS = 3000;
const FILES = ['hub.db', 'search.db'];

let whole: string;
beforeEach(() => {
  whole = temporaryFolder();
});
afterEach(() => {
  rmSync(whole, { recursive: true, force: true });
});

/** All that an agent can see, in words. */
async function told(hub: TestHub): Promise<string> {
  const client = await hub.connect('2026', { agent: 'alice' });
  try {
    const ask = async (tool: string, args: object): Promise<unknown> => {
      const { isError, json } = await client.callTool(tool, { ...args });
      if (isError) throw new Error(JSON.stringify(json));
      return json;
    };
    const { sessions } = (await ask('list_sessions', {})) as { sessions: { session_id: string }[] };
    const parts: unknown[] = [sessions.map(({ session_id }) => session_id)];
    for (const { session_id } of sessions) {
      const { messages } = (await ask('get_messages', { session_id, limit: 1000 })) as {
        messages: unknown[];
      };
      const thread = await ask('get_session', { session_id });
      parts.push(messages, thread);
    }
    for (let i = 0; i < 10; i++)
      parts.push(((await ask('get_memory', { key: `key${i}` })) as { value: unknown }).value);
    return JSON.stringify(parts, (name, value: unknown) => (name === 'inbox' ? undefined : value));
  } finally {
    await client.close();
  }
}

/** A database of all kinds of pages: long texts, indexes, pages that are free. */
async function fill(): Promise<string> {
  await using hub = await startTestHub({ folder: whole });
  const alice = await hub.connect('2026', { agent: 'alice' });
  for (let s = 0; s < 3; s++) {
    const { session_id } = (await alice.callTool('create_session', { purpose: `Pages ${s}` })).json;
    for (let i = 0; i < MESSAGES / 3; i++) {
      const content = `pebble number${i} ${'sand '.repeat((i % 7) ** 4)}`;
      await alice.callTool('add_message', { session_id, content, metadata: { i } });
    }
  }
  for (let i = 0; i < 10; i++) await alice.callTool('set_memory', { key: `key${i}`, value: { i } });
  await alice.close();
  await indexed(hub.request);
  return await told(hub);
}

/** Copies the files into a folder of their own, and damages a page of one. */
function damage(
  run: number,
  file: string,
  how: Damage,
  random: () => number,
): { folder: string; bytes: Buffer } {
  const folder = join(whole, `run${run}`);
  mkdirSync(folder);
  for (const name of FILES) copyFileSync(join(whole, name), join(folder, name));
  const pages = structuredPages(join(whole, file));
  const bytes = how(
    readFileSync(join(folder, file)),
    () => pages[Math.floor(random() * pages.length)] ?? 0,
    random,
  );
  writeFileSync(join(folder, file), bytes);
  return { folder, bytes };
}

it(
  `refuses a hub.db with a damaged page, or serves all of it, ${RUNS} times (SEED=${SEED})`,
  async () => {
    const random = numbers(SEED);
    const before = await fill();
    const outcomes = { refused: 0, served: 0 };
    const wrong: string[] = [];
    for (let run = 0; run < RUNS; run++) {
      const [name, how] = DAMAGES[run % DAMAGES.length]!;
      const { folder, bytes } = damage(run, 'hub.db', how, random);
      try {
        await using hub = await startTestHub({ folder });
        outcomes.served++;
        const now = await told(hub).catch(String);
        if (now !== before)
          wrong.push(`${name} (${run}): what is served is not what was stored: ${now.slice(0, 200)}`);
      } catch (error) {
        if (!(error instanceof StartError)) throw error;
        outcomes.refused++;
        if (!/damaged|not a database|malformed|SQLITE_|another program/.test(error.message))
          wrong.push(`${name} (${run}): ${error.message}`);
        if (!readFileSync(join(folder, 'hub.db')).equals(bytes))
          wrong.push(`${name} (${run}): the file was changed`);
      }
      rmSync(folder, { recursive: true });
    }
    const counts = { runs: RUNS, acknowledged: MESSAGES, lost: 0, doubled: 0, corrupt: wrong.length };
    reportFault(
      'damaged page of hub.db',
      { ...counts, recoveryMs: [] },
      `${JSON.stringify(outcomes)}, SEED=${SEED}`,
    );
    expect(wrong).toEqual([]);
  },
  60_000 + RUNS * PER_RUN_MS,
);

it(
  `makes a search.db with a damaged page anew, ${RUNS} times (SEED=${SEED})`,
  async () => {
    const random = numbers(SEED + 1);
    await fill();
    const recoveryMs: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const [, how] = DAMAGES[run % DAMAGES.length]!;
      const { folder } = damage(run, 'search.db', how, random);
      {
        const started = performance.now();
        await using hub = await startTestHub({ folder });
        const client = await hub.connect('2026', { agent: 'bob' });
        const { json } = await client.callTool('search_context', { query: 'pebble', limit: 100 });
        expect(json['results']).toHaveLength(100);
        await client.close();
        await indexed(hub.request);
        recoveryMs.push(performance.now() - started);
        expectAgreement(folder);
      }
      const db = new Database(join(folder, 'hub.db'), { readonly: true });
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
      db.close();
      rmSync(folder, { recursive: true });
    }
    const counts = { runs: RUNS, acknowledged: MESSAGES, lost: 0, doubled: 0, corrupt: 0 };
    reportFault('damaged page of search.db', { ...counts, recoveryMs }, `SEED=${SEED}`);
  },
  60_000 + RUNS * PER_RUN_MS,
);
