/**
 * Event streams cut at random, and hubs killed, under about a thousand events a second. `RUNS` is how many streams are cut,
 * `SEED` repeats a sequence of moments. Whoever goes on from the last id it has must be told of every message once, in the
 * order of the commits.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { EventSourceReader } from '../_util/event-source.ts';
import { reportFault } from '../_util/fault-report.ts';
import { databaseOf, HUB_ADMIN_KEY, HUB_KEY, startHub } from '../_util/hub-process.ts';
import { numbers } from '../_util/random.ts';

const RUNS = Number(process.env['RUNS'] ?? 200);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const READERS = 8;
const LINES = 50;
/** Twenty times a second: a thousand events. */
const EVERY_MS = 1000 / 20;
/** A stream is cut in the midst of what it tells, after so many events or so long at most. */
const MOST_EVENTS = 100;
const LONGEST_MS = 500;
/** So many cuts for each kill. */
const PER_KILL = 100;
const PAUSE_MS = 5;

interface Reader {
  readonly seen: number[];
  cuts: number;
  lastId: string;
}

it(
  `loses, repeats and disorders nothing in ${RUNS} cuts (SEED=${SEED})`,
  async () => {
    const random = numbers(SEED);
    const share = mkdtempSync(join(tmpdir(), 'schub-streams-'));
    let hub = startHub(share);
    await hub.ready;
    const url = (): Promise<string> => hub.ready.catch(() => '');
    let writing = true;
    let written = 0;

    /** Imports what it did not see acknowledged again: a line becomes one message however often it is sent. */
    async function write(): Promise<void> {
      for (let batch = 0; writing; batch++) {
        const rows = Array.from({ length: LINES }, (_, i) => ({
          ...{ id: `${batch}/${i}`, session: 'load', sender: 'Ann', content: 'something to tell' },
          timestamp: '2025-01-01T00:00:00Z',
        }));
        const since = performance.now();
        const body = rows.map((row) => JSON.stringify(row)).join('\n');
        while (!(await imported(await url(), body))) await delay(PAUSE_MS);
        written += LINES;
        await delay(Math.max(0, EVERY_MS - (performance.now() - since)));
      }
    }

    /** One stream, for `ms` or until it ends by itself. */
    async function listen(reader: Reader, ms: number, isEnough = (): boolean => false): Promise<void> {
      const end = new AbortController();
      const timer = setTimeout(() => end.abort(), ms);
      let source: EventSourceReader | undefined;
      try {
        const response = await fetch(`${await url()}/events`, {
          headers: {
            ...{ authorization: `Bearer ${HUB_KEY}`, 'x-agent-id': 'reader' },
            ...(reader.lastId === '' ? {} : { 'last-event-id': reader.lastId }),
          },
          signal: end.signal,
        });
        if (response.status !== 200) throw new Error(await response.text());
        source = new EventSourceReader(response);
        for (;;) {
          const event = await source.next();
          if (event === undefined) return;
          if (event.event === 'message.added') reader.seen.push(Number(event.data['id']));
          if (isEnough()) return;
        }
      } catch {
        // Cut, by the client or with its hub.
        await delay(PAUSE_MS);
      } finally {
        // Also of a stream that said no more than where it begins.
        reader.lastId = source?.lastId === undefined || source.lastId === '' ? reader.lastId : source.lastId;
        clearTimeout(timer);
        end.abort();
      }
    }

    const readers = Array.from({ length: READERS }, (): Reader => ({ seen: [], cuts: 0, lastId: '' }));
    // All begin before the first message.
    for (const reader of readers) while (reader.lastId === '') await listen(reader, LONGEST_MS);
    const writer = write();
    writer.catch(() => undefined);
    const reading = readers.map(async (reader) => {
      while (reader.cuts < RUNS / READERS) {
        const before = reader.seen.length;
        const upTo = before + random() * MOST_EVENTS;
        await listen(reader, LONGEST_MS, () => reader.seen.length > upTo);
        if (reader.seen.length > before) reader.cuts++;
      }
    });
    const cuts = (): number => readers.reduce((sum, reader) => sum + reader.cuts, 0);
    let kills = 0;
    while (cuts() < RUNS) {
      await delay(PAUSE_MS);
      if (cuts() < (kills + 0.5) * PER_KILL) continue;
      await hub.kill();
      kills++;
      hub = startHub(share);
      await hub.ready;
    }
    await Promise.all(reading);
    writing = false;
    await writer;
    const db = new Database(databaseOf(share), { readonly: true });
    const stored = db.prepare<[], number>('SELECT id FROM messages ORDER BY id').pluck().all();
    db.close();
    for (const reader of readers)
      while (reader.seen.length < stored.length)
        await listen(reader, 5000, () => reader.seen.length >= stored.length);
    const counts = `cuts ${cuts()}, kills ${kills}, events ${stored.length}, readers ${READERS}`;
    const sum = (count: (seen: readonly number[]) => number): number =>
      readers.reduce((total, { seen }) => total + count(seen), 0);
    reportFault(
      'event streams cut',
      {
        ...{ runs: cuts(), acknowledged: stored.length, corrupt: 0, recoveryMs: [] },
        lost: sum((seen) => stored.length - new Set(seen).size),
        doubled: sum((seen) => seen.length - new Set(seen).size),
      },
      `${counts}, SEED=${SEED}`,
    );
    expect(stored).toHaveLength(written);
    for (const reader of readers) expect(reader.seen).toEqual(stored);
    expect(await hub.stop()).toBe(0);
    rmSync(share, { recursive: true });
  },
  60_000 + RUNS * 1000,
);

async function imported(url: string, body: string): Promise<boolean> {
  try {
    const headers = { authorization: `Bearer ${HUB_ADMIN_KEY}` };
    const response = await fetch(`${url}/api/v1/import`, { method: 'POST', headers, body });
    return response.status === 200 && ((await response.json()) as { imported: number }).imported >= 0;
  } catch {
    return false;
  }
}
