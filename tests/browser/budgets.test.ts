/** What pages may weigh: bytes, requests, rows and memory. Times are measured by `npm run bench -- dashboard`. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGES } from '../../src/dashboard/pages/index.ts';
import { ADMIN_KEY } from '../_util/test-hub.ts';
import { startDashboard, type OpenedPage, type TestDashboard } from './_util/dashboard.ts';

const KIB = 1024;
const MAX_SCRIPT_BYTES = 45 * KIB;
const MAX_METRICS_SCRIPT_BYTES = 70 * KIB;
const MAX_STYLE_BYTES = 12 * KIB;
const MAX_REQUESTS = 20;
const MAX_HEAP_BYTES = 40 * KIB * KIB;
const MAX_ROWS = 500;
const MAX_CHARS = 50_000;
/** Before and while a timeline is open. */
const [SAID, LIVE_MESSAGES] = [200, 20_000];

let dashboard: TestDashboard;
let session: string;

beforeAll(async () => {
  dashboard = await startDashboard();
  await say(0, SAID);
  const { sessions } = await dashboard.api('GET', '/sessions');
  session = (sessions as { session_id: string }[])[0]!.session_id;
  await dashboard.api('PUT', '/memory/budget', { value: 'a memory', scope: 'shared' });
});
afterAll(() => dashboard[Symbol.asyncDispose]());

/** Messages `from` to `to` of one conversation, as fast as the hub takes them. */
async function say(from: number, to: number): Promise<void> {
  const lines = Array.from({ length: to - from }, (_, i) => {
    const id = String(from + i);
    const content = `**message** ${id}`;
    const timestamp = new Date().toISOString();
    return JSON.stringify({
      id,
      session: 'budgets',
      sender: `agent-${i % 20}`,
      timestamp,
      content,
      parent: null,
    });
  });
  const response = await dashboard.hub.request('/api/v1/import', {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  expect(await response.json()).toMatchObject({ imported: to - from });
}

describe('a page', () => {
  let opened: OpenedPage;
  beforeAll(async () => {
    opened = await dashboard.open('/ui/sessions');
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  interface Loaded {
    readonly name: string;
    /** Of the body, as it was sent once. */
    readonly encodedBodySize: number;
    /** What was sent now; none for what the browser keeps. */
    readonly transferSize: number;
  }

  /** What the page has loaded, itself included, and its stream of events left out. */
  async function loaded(): Promise<readonly Loaded[]> {
    const all = await opened.page.evaluate<readonly Loaded[]>(
      "['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type)).map((one) => one.toJSON())",
    );
    return all.filter(({ name }) => new URL(name).pathname !== '/events');
  }

  const bytesOf = (all: readonly Loaded[], extension: string): number =>
    all.reduce((sum, { name, encodedBodySize }) => sum + (name.endsWith(extension) ? encodedBodySize : 0), 0);

  const PLACES: Readonly<Record<string, () => string>> = {
    '/sessions/:id': () => `/sessions/${session}`,
    '/agents/:id': () => '/agents/writer',
    '/memory/entry': () => '/memory/entry?key=budget&scope=shared',
    '/memory/history': () => '/memory/history?key=budget&scope=shared',
  };

  it.each(PAGES.map(({ path }) => path))('weighs little, and that only once: %s', async (path) => {
    const url = `${dashboard.url}/ui${PLACES[path]?.() ?? path}`;
    await opened.page.goto(url);
    const all = await loaded();
    const scripts = path === '/metrics' ? MAX_METRICS_SCRIPT_BYTES : MAX_SCRIPT_BYTES;
    for (const [extension, atMost] of [
      ['.js', scripts],
      ['.css', MAX_STYLE_BYTES],
    ] as const) {
      expect(bytesOf(all, extension), extension).toBeGreaterThan(KIB);
      expect(bytesOf(all, extension), extension).toBeLessThanOrEqual(atMost);
    }
    expect(all.length).toBeLessThanOrEqual(MAX_REQUESTS);
    await opened.page.goto(url);
    const again = (await loaded()).filter(({ transferSize }) => transferSize > 0);
    expect([...new Set(again.map(({ name }) => name))]).toEqual([url]);
  });
});

describe('a timeline', () => {
  /** After a collection of garbage. */
  async function weightOf({ page, context }: OpenedPage) {
    const inspector = await context.newCDPSession(page);
    await inspector.send('HeapProfiler.collectGarbage');
    const { usedSize: heap } = await inspector.send('Runtime.getHeapUsage');
    const { nodes } = await inspector.send('Memory.getDOMCounters');
    await inspector.detach();
    return { heap, nodes };
  }

  /** The last words of its rows. */
  const numbers = (page: Page): Promise<number[]> =>
    page.evaluate(
      "[...document.querySelectorAll('#rows > li .md')].map((one) => Number(one.textContent.trim().split(' ').at(-1)))",
    );

  it(`stays as small as it is, whatever comes: ${LIVE_MESSAGES} messages`, async () => {
    await using opened = await dashboard.open(`/ui/sessions/${session}`);
    const { page } = opened;
    await page.getByText('Live', { exact: true }).waitFor();
    await page.evaluate(`
      window.drawn = window.mostRows = 0;
      new MutationObserver((records) => {
        for (const { addedNodes } of records) drawn += addedNodes.length;
        mostRows = Math.max(mostRows, records[0].target.childElementCount);
      }).observe(document.getElementById('rows'), { childList: true })`);
    const end = SAID + LIVE_MESSAGES;
    let early: Awaited<ReturnType<typeof weightOf>> | undefined;
    // No more at once than the page draws row by row.
    for (let next = SAID; next < end; next += MAX_ROWS) {
      await say(next, next + MAX_ROWS);
      await expect.poll(async () => (await numbers(page)).at(-1), { interval: 50 }).toBe(next + MAX_ROWS - 1);
      await page.locator('#jump').waitFor({ state: 'hidden' });
      // As soon as it is full.
      early ??= await weightOf(opened);
    }
    const late = await weightOf(opened);
    expect(await page.evaluate('drawn')).toBe(LIVE_MESSAGES);
    expect(await page.evaluate('mostRows')).toBe(MAX_ROWS);
    expect(await numbers(page)).toEqual(Array.from({ length: MAX_ROWS }, (_, i) => end - MAX_ROWS + i));
    expect(late.heap).toBeLessThan(MAX_HEAP_BYTES);
    // What has left the page is left by everything.
    expect(late.nodes).toBeLessThan(1.1 * early!.nodes);
  }, 120_000);

  it('of long messages comes in pages that are small, with nothing between them', async () => {
    const path = `/ui/sessions/${session}.json`;
    const long = 'every word of it is needed. '.repeat(300);
    const { session_id: id } = await dashboard.api('POST', '/sessions', { purpose: 'long messages' });
    const posted: number[] = [];
    for (let i = 0; i < 60; i++) {
      const answer = await dashboard.api('POST', `/sessions/${String(id)}/messages`, { content: long });
      posted.push(answer['message_id'] as number);
    }
    interface Rows {
      readonly messages: readonly { readonly id: number; readonly content: string }[];
      readonly older: string | null;
      readonly newer: string | null;
    }
    const rowsAt = async (query: string): Promise<Rows> => {
      const headers = { authorization: `Bearer ${ADMIN_KEY}` };
      const response = await dashboard.hub.request(path.replace(session, String(id)) + query, { headers });
      const rows = (await response.json()) as Rows;
      const chars = rows.messages.reduce((sum, { content }) => sum + content.length, 0);
      expect(chars).toBeGreaterThan(0);
      expect(chars).toBeLessThanOrEqual(MAX_CHARS);
      return rows;
    };
    const walk = async (from: Rows, direction: 'older' | 'newer'): Promise<number[]> => {
      const found: number[] = [];
      for (let query = from[direction]; query !== null;) {
        const rows = await rowsAt(query);
        const some = rows.messages.map((message) => message.id);
        found.splice(direction === 'older' ? 0 : found.length, 0, ...some);
        query = rows[direction];
      }
      return found;
    };
    const idsOf = ({ messages }: Rows): number[] => messages.map((message) => message.id);
    const newest = await rowsAt('');
    expect(newest.newer).toBeNull();
    expect([...(await walk(newest, 'older')), ...idsOf(newest)]).toEqual(posted);
    const middle = await rowsAt(`?at=${posted[30]!}`);
    expect(idsOf(middle)).toContain(posted[30]);
    const around = [...(await walk(middle, 'older')), ...idsOf(middle), ...(await walk(middle, 'newer'))];
    expect(around).toEqual(posted);
  });

  it('that has come to its end does not ask again', async () => {
    const { session_id: id } = await dashboard.api('POST', '/sessions', { purpose: 'an end' });
    const path = `/sessions/${String(id)}/messages`;
    const { message_id: last } = await dashboard.api('POST', path, { content: 'the last word' });
    const response = await dashboard.hub.request(`/ui/sessions/${String(id)}.json?after=${String(last)}`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    expect(await response.json()).toMatchObject({ messages: [], newer: null, upTo: last });
  });
});
