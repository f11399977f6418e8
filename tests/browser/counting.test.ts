/** How many new rows a filtered timeline tells, and what it asks for to know. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

const PER_PAGE = 100;

let dashboard: TestDashboard;
let session: string;

beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

async function newSession(): Promise<string> {
  return (await dashboard.api('POST', '/sessions', { purpose: 'counted' }))['session_id'] as string;
}

async function post(content = '`code`'): Promise<number> {
  const path = `/sessions/${session}/messages`;
  return (await dashboard.api('POST', path, { content }))['message_id'] as number;
}

/** Posts `count` messages; answers their ids. */
async function fill(count: number): Promise<number[]> {
  const ids: number[] = [];
  while (ids.length < count)
    ids.push(...(await Promise.all(Array.from({ length: Math.min(100, count - ids.length) }, () => post()))));
  return ids.sort((a, b) => a - b);
}

/** Opens a timeline that is live; `asked` are the queries by which rows were asked for, `told` how often it said what waits. */
async function openLive(query: string) {
  const opened = await dashboard.open('/ui/login');
  const { page } = opened;
  const asked: URLSearchParams[] = [];
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname.endsWith('/rows')) asked.push(searchParams);
  });
  await page.goto(`${dashboard.url}/ui/sessions/${session}${query}`);
  await page.getByText('Live', { exact: true }).or(page.getByText('Paused: scrolled up')).waitFor();
  await page.evaluate(`
    window.told = 0;
    new MutationObserver((records) => { told += records.length; })
      .observe(document.getElementById('jump'), { childList: true })`);
  const told = (): Promise<number> => page.evaluate('told');
  return { opened, page, asked, told, jump: page.locator('#jump') };
}

const scrollUp = async (page: Page): Promise<void> => {
  await page.evaluate('scrollTo(0, 0)');
  await page.getByText('Paused: scrolled up').waitFor();
};

describe('away from the end of a long session', () => {
  let ids: number[];
  beforeAll(async () => {
    session = await newSession();
    ids = await fill(3000);
  }, 60_000);

  it.each([
    ['since', () => '?since=2000-01-01T00:00'],
    ['a place', () => `?agent=writer&at=${ids[1500]!}`],
    ['a page', () => `?agent=writer&before=${ids[1500]!}`],
    ['code', () => `?code=1&after=${ids[200]!}`],
  ])('nothing is counted: %s', async (_, query) => {
    const { opened, asked, told, jump } = await openLive(query());
    await using _opened = opened;
    // It says what waits when one has come, and again when that has been drawn; the others are for what it opened with.
    for (let posted = 1; posted <= 3; posted++) {
      await post();
      await expect.poll(told, { timeout: 10_000 }).toBeGreaterThanOrEqual(2 * posted);
    }
    expect(await jump.textContent()).toBe('To the newest ↓');
    // What the edges that are in sight have asked for.
    expect(asked.length).toBeLessThan(6);
  });
});

describe('the jump', () => {
  it('leads from the beginning of a long time to the end, where rows come as they are said', async () => {
    session = await newSession();
    const ids = await fill(3 * PER_PAGE);
    const { opened, page, jump } = await openLive('?since=2000-01-01T00:00');
    await using _ = opened;
    expect(await page.locator('#rows > li').first().getAttribute('id')).toBe(`m-${ids[0]!}`);
    await jump.click();
    await page.locator(`#m-${ids.at(-1)!}`).waitFor();
    await page.getByRole('link', { name: 'From 2000-01-01T00:00' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator(`#m-${await post()}`).waitFor();
    const first = async (): Promise<string | null> => {
      await page.evaluate('scrollTo(0, 0)');
      return page.locator('#rows > li').first().getAttribute('id');
    };
    await expect.poll(first, { timeout: 10_000 }).toBe(`m-${ids[0]!}`);
  });
});

describe('at the end', () => {
  beforeEach(async () => {
    session = await newSession();
    await fill(60);
  });

  it.each(['?code=1', '?since=2000-01-01T00:00'])('no more is counted than is read: %s', async (query) => {
    const { opened, page, asked, jump } = await openLive(query);
    await using _ = opened;
    opened.expectFailures();
    await scrollUp(page);
    dashboard.cut();
    await page.getByText('Reconnecting …').waitFor();
    const missed = await fill(1200);
    dashboard.mend();
    await expect.poll(() => jump.textContent(), { timeout: 15_000 }).toBe('500+ new ↓');
    expect(asked).toHaveLength(5);
    await jump.click();
    await page.locator(`#m-${missed.at(-1)!}`).waitFor();
    await expect.poll(() => jump.isVisible()).toBe(false);
    const shown: number[] = await page.evaluate(
      "[...document.querySelectorAll('#rows > li')].map((row) => Number(row.dataset.id))",
    );
    expect(shown).toEqual(missed.slice(-shown.length));
    expect(asked.length).toBeLessThan(10);
    await scrollUp(page);
    await post();
    await expect.poll(() => jump.textContent()).toBe('1 new ↓');
  });

  it('goes on where a count has failed', async () => {
    const { opened, page, asked, jump } = await openLive('?code=1');
    await using _ = opened;
    opened.expectFailures();
    await scrollUp(page);
    dashboard.cut();
    await page.getByText('Reconnecting …').waitFor();
    const missed = await fill(3 * PER_PAGE + 30);
    const afterTwo = String(missed[2 * PER_PAGE - 1]!);
    const failed = page.waitForEvent('requestfailed', (request) => request.url().includes(`=${afterTwo}`));
    await page.route(`**/rows?*after=${afterTwo}`, (route) => route.abort(), { times: 1 });
    dashboard.mend();
    await failed;
    await post();
    await expect.poll(() => jump.textContent()).toBe(`${3 * PER_PAGE + 31} new ↓`);
    const places = asked.map((query) => query.get('after'));
    expect(places.filter((place) => place === afterTwo)).toHaveLength(2);
    expect(new Set(places).size).toBe(places.length - 1);
  });
});

it('leaves whoever scrolls up while rows are on their way where that is', async () => {
  session = await newSession();
  await fill(60);
  const { opened, page } = await openLive('');
  await using _ = opened;
  const rows = Promise.withResolvers<undefined>();
  await page.route('**/rows?*', async (route) => {
    await rows.promise;
    await route.continue();
  });
  const asks = page.waitForRequest('**/rows?*');
  const id = await post();
  await asks;
  await scrollUp(page);
  rows.resolve(undefined);
  await page.locator(`#m-${id}`).waitFor({ state: 'attached' });
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  expect(await page.evaluate('scrollY')).toBe(0);
});
