/** Listings that are longer than a page: what the links lead through is everything once, in one order. */
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectSuccess } from '../_util/scenario-doors.ts';
import { AGENT_KEY } from '../_util/test-hub.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

const MANY = 230;
let dashboard: TestDashboard;

beforeAll(async () => {
  dashboard = await startDashboard();
  for (let i = 0; i < MANY; i++) {
    await dashboard.api('GET', '/sessions?limit=1', undefined, `agent-${i}`);
    await dashboard.hub.makeKey(`key-${i}`);
  }
  // No agent holds as many.
  const clients = await Promise.all(
    ['a', 'b', 'c'].map((agent) => dashboard.hub.connect('2026', { key: AGENT_KEY, agent })),
  );
  for (let i = 0; i < MANY; i++) {
    const args = { resources: [`file-${i}`], ttl_seconds: 3600 };
    expectSuccess(await clients[i % clients.length]!.callTool('acquire_lease', args));
  }
  for (const client of clients) await client.close();
}, 60_000);
afterAll(() => dashboard[Symbol.asyncDispose]());

interface Listing {
  readonly keys?: readonly { readonly name: string }[];
  readonly leases?: readonly { readonly resources: readonly string[] }[];
  readonly agents?: readonly { readonly agent_id: string }[];
  readonly entries?: readonly { readonly id: number; readonly resource: string }[];
}
const made = (name: string): string[] => Array.from({ length: MANY }, (_, i) => `${name}-${i}`);

it.each([
  ['keys', 'keys', ({ keys = [] }: Listing) => keys.map(({ name }) => name), 'key'],
  ['leases', 'leases', ({ leases = [] }: Listing) => leases.flatMap(({ resources }) => resources), 'file'],
  ['agents?by=id', 'agents', ({ agents = [] }: Listing) => agents.map(({ agent_id: id }) => id), 'agent'],
  [
    ...['audit?event_type=auth.login', 'audit'],
    ({ entries = [] }: Listing) => entries.map(({ resource }) => resource.replace('agent:', '')),
    'agent',
  ],
] as const)('%s', { timeout: 60_000 }, async (path, name, idsOf, prefix) => {
  await using opened = await dashboard.open(`/ui/${path}`, { javaScriptEnabled: false });
  const { page } = opened;
  /** Until the whole page is there. */
  const follow = async (link: Locator): Promise<void> => {
    const to = new URL((await link.getAttribute('href')) ?? '', page.url()).href;
    await link.click();
    await page.waitForURL(to);
  };
  const seen: string[] = [];
  const rows: number[] = [];
  for (;;) {
    const { search } = new URL(page.url());
    const twin = await page.request.get(`${dashboard.url}/ui/${name}.json${search}`);
    seen.push(...idsOf((await twin.json()) as Listing));
    rows.push(await page.locator('tr[data-row]').count());
    const next = page.locator('main a[rel=next]');
    if ((await next.count()) === 0) break;
    await follow(next);
  }
  const ours = seen.filter((id) => id.startsWith(`${prefix}-`));
  expect(ours.toSorted()).toEqual(made(prefix).toSorted());
  // What the page shows is what its twin says, and each but the last is full.
  expect(rows.reduce((sum, count) => sum + count, 0)).toBe(seen.length);
  expect(rows.length).toBeGreaterThan(2);
  expect(new Set(rows.slice(0, -1)).size).toBe(1);
  await follow(page.locator('nav.pager a:not([rel])'));
  expect(await page.locator('tr[data-row]').count()).toBe(rows[0]);
});
