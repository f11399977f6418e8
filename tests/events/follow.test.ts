/** Following the log of a real store while it is written: no gap, no double, no disorder, from any position. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEventBus } from '../../src/events/bus.ts';
import { follow, type FollowOptions } from '../../src/events/follow.ts';
import type { SessionRow, Sight, Store } from '../../src/store/port.ts';
import { newFolder, newSession, newWorkspace, openSqlite, post, seesPublic } from '../store/engine.ts';

const folder = newFolder();
const bus = createEventBus();
let store: Store;
beforeAll(async () => {
  store = await openSqlite(folder, { onCommit: (events) => bus.publish(events) });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

interface Followed {
  readonly seen: number[];
  /** The positions that it has come to. */
  readonly reached: number[];
  /** Resolves when so many events have been seen. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Follows until stopped; `pause` is what it does between two pages. */
function following(
  args: Omit<FollowOptions, 'signal' | 'limit'> & { limit?: number },
  pause: () => Promise<unknown> = () => Promise.resolve(),
): Followed {
  const end = new AbortController();
  const seen: number[] = [];
  const reached: number[] = [];
  let more = Promise.withResolvers<undefined>();
  const run = (async () => {
    for await (const page of follow({ store, bus }, { limit: 7, ...args, signal: end.signal })) {
      seen.push(...page.events.map((event) => event.seq));
      reached.push(page.upTo);
      more.resolve(undefined);
      await pause();
    }
  })();
  return {
    seen,
    reached,
    async until(count) {
      while (seen.length < count) {
        more = Promise.withResolvers();
        await Promise.race([more.promise, run]);
      }
    },
    async stop() {
      end.abort();
      await run;
    },
  };
}

/** Posts at the same time as others do; every third message is hidden from `public`. */
async function write(session: SessionRow, count: number): Promise<number[]> {
  const ids = Array.from({ length: count }, (_, i) =>
    post(store, session, { audiences: i % 3 === 2 ? ['admin', 'agent:bob'] : ['public'] }),
  );
  return Promise.all(ids);
}

/** What `sight` sees of the log, read at rest. */
async function logOf(sight: Sight, after: number): Promise<number[]> {
  const { events } = await store.read.events.page({ sight, after, limit: 10_000 });
  return events.map((event) => event.seq);
}

const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

it('gives each event once and in order, to fast and slow readers, while many write', async () => {
  const here = await newWorkspace(store);
  const session = await newSession(store, here);
  const before = await store.read.events.head();
  await write(session, 30);
  const sights = [seesPublic(here), { workspace: here, audiences: ['public', 'agent:bob'] }];
  const slow = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await turn();
  };
  const all = sights.flatMap((sight) =>
    [undefined, turn, slow].map((pause) => [sight, following({ sight, after: before }, pause)] as const),
  );
  // Those who come later, at any moment, follow from where they are.
  for (let i = 0; i < 40; i++) {
    await Promise.all([write(session, 9), i % 2 === 0 ? turn() : undefined]);
    const sight = sights[i % 2] ?? seesPublic(here);
    if (i % 8 === 0) all.push([sight, following({ sight, after: before + i }, i % 16 === 0 ? slow : turn)]);
  }
  for (const [sight, reader] of all) {
    const start = reader.seen[0] ?? Infinity;
    const expected = (await logOf(sight, before)).filter((seq) => seq >= start);
    await reader.until(expected.length);
    await reader.stop();
    expect(reader.seen).toEqual(expected);
    expect(reader.reached).toEqual(reader.reached.toSorted((a, b) => a - b));
  }
  expect(bus.size).toBe(0);
});

it('loses nothing that is committed while a page is read', async () => {
  const here = await newWorkspace(store);
  const session = await newSession(store, here);
  const after = await store.read.events.head();
  const end = new AbortController();
  const wanted: number[] = [];
  // A store that is written between the answer of a page and its reader's next step.
  const page: Store['read']['events']['page'] = async (args) => {
    const answer = await store.read.events.page(args);
    if (wanted.length < 20) wanted.push(await post(store, session));
    return answer;
  };
  const read = { ...store.read, events: { ...store.read.events, page } };
  const seen: number[] = [];
  const sight = seesPublic(here);
  for await (const { events } of follow(
    { store: { read }, bus },
    { sight, after, limit: 5, signal: end.signal },
  )) {
    seen.push(...events.map((event) => event.seq));
    if (seen.length === 20) end.abort();
  }
  expect(seen).toEqual(wanted);
});

it('moves on past what is hidden, waits without reading, and ends when told', async () => {
  const here = await newWorkspace(store);
  const session = await newSession(store, here);
  const after = await store.read.events.head();
  let reads = 0;
  const page: Store['read']['events']['page'] = (args) => {
    reads++;
    return store.read.events.page(args);
  };
  const read = { ...store.read, events: { ...store.read.events, page } };
  const end = new AbortController();
  const pages = follow(
    { store: { read }, bus },
    { sight: seesPublic(here), after, limit: 5, signal: end.signal },
  );
  const next = pages.next();
  await turn();
  const idle = reads;
  // Nothing that it may see: it is not woken.
  for (let i = 0; i < 5; i++) await post(store, session, { audiences: ['admin'] });
  expect(reads).toBe(idle);
  const id = await post(store, session);
  expect(await next).toEqual({
    done: false,
    value: { events: [expect.objectContaining({ seq: id, messageId: id })], upTo: id },
  });
  const last = pages.next();
  await turn();
  end.abort();
  expect(await last).toEqual({ done: true, value: undefined });
  expect(bus.size).toBe(0);
  // One that is given up by its reader lets go, too.
  const signal = new AbortController().signal;
  const given = follow({ store, bus }, { sight: seesPublic(here), after, limit: 5, signal });
  await given.next();
  expect(bus.size).toBe(1);
  await given.return();
  expect(bus.size).toBe(0);
});
