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
const LIVE_MESSAGES = 20_000;

let dashboard: TestDashboard;
let session: string;

beforeAll(async () => {
  dashboard = await startDashboard();
  await say(0, 200);
  const { sessions } = await dashboard.api('GET', '/sessions');
  session = (sessions as { session_id: string }[])[0]!.session_id;
  await dashboard.api('PUT', '/memory/budget', { value: 'a memory', scope: 'shared' });
});
afterAll(() => dashboard[Symbol.asyncDispose]());

/** Messages `from` to `to` of one conversation, as fast as the hub takes them. */
async function say(from: number, to: number): Promise<void> {
  const lines = Array.from({ length: to - from }, (_, i) => {
    const id = String(from + i);
    const content = `**Message ${id}** is about \`part-${id}\`:\n\n- one\n- two\n\n\`\`\`js\nlet i = ${id};\n\`\`\``;
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
    expect(again.map(({ name }) => name)).toEqual([url]);
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

  const numbers = (page: Page): Promise<number[]> =>
    page.evaluate(
      "[...document.querySelectorAll('#rows > li strong')].map((one) => Number(one.textContent.split(' ')[1]))",
    );

  it(`stays as small as it is, whatever comes: ${LIVE_MESSAGES} messages`, async () => {
    await using opened = await dashboard.open(`/ui/sessions/${session}`);
    const { page } = opened;
    await page.getByText('Live', { exact: true }).waitFor();
    await page.evaluate(`
      window.mostRows = 0;
      new MutationObserver(([{ target }]) => {
        mostRows = Math.max(mostRows, target.childElementCount);
      }).observe(document.getElementById('rows'), { childList: true })`);
    const heard = async (from: number, to: number) => {
      await say(from, to);
      await expect
        .poll(async () => (await numbers(page)).at(-1), { timeout: 60_000, interval: 200 })
        .toBe(to - 1);
      return weightOf(opened);
    };
    const early = await heard(200, LIVE_MESSAGES / 4);
    const late = await heard(LIVE_MESSAGES / 4, LIVE_MESSAGES + 200);
    expect(late.heap).toBeLessThan(MAX_HEAP_BYTES);
    expect(late.nodes).toBeLessThan(1.1 * early.nodes);
    expect(await page.evaluate('mostRows')).toBe(MAX_ROWS);
    expect(await numbers(page)).toEqual(
      Array.from({ length: MAX_ROWS }, (_, i) => LIVE_MESSAGES + 200 - MAX_ROWS + i),
    );
  }, 120_000);
});
