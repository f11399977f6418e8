import { afterAll, beforeAll, expect, it } from 'vitest';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

it('tells an empty hub how a client is connected', async () => {
  await using opened = await dashboard.open('/ui/sessions');
  await opened.page.getByText('schub connect --all').waitFor();
  expect(await axeViolations(opened.page)).toEqual([]);
});

it('lists sessions by what last happened in them, filtered, in pages, and as JSON', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 60; i++) {
    const { session_id: id } = await dashboard.api(
      'POST',
      '/sessions',
      { purpose: `task ${i}` },
      i % 2 ? 'odd' : 'even',
    );
    ids.push(id as string);
  }
  await dashboard.api('POST', `/sessions/${ids[0]!}/messages`, { content: 'hello' }, 'late');
  await dashboard.api('PATCH', `/sessions/${ids[7]!}`, { is_active: false }, 'odd');
  await using opened = await dashboard.open('/ui/sessions');
  const { page } = opened;
  const purposes = () => page.locator('a.row').allTextContents();
  expect((await purposes()).slice(0, 3)).toEqual(['task 0', 'task 59', 'task 58']);
  expect(await page.locator('tr', { hasText: 'task 0' }).textContent()).toMatch(/late\s+1\s+message/);

  await page.getByRole('link', { name: 'More sessions' }).click();
  expect(await purposes()).toHaveLength(10);
  await page.getByLabel('State').selectOption('closed');
  await page.waitForURL('**/ui/sessions?state=closed');
  expect(await purposes()).toEqual(['task 7']);
  await page.goto(`${dashboard.url}/ui/sessions?agent=odd&q=task+1`);
  expect((await purposes()).sort()).toEqual([
    'task 1',
    'task 11',
    'task 13',
    'task 15',
    'task 17',
    'task 19',
  ]);
  const twin = (await (
    await page.request.get(page.url().replace('/sessions?', '/sessions.json?'))
  ).json()) as {
    sessions: { purpose: string }[];
  };
  expect(twin.sessions.map(({ purpose }) => purpose).sort()).toEqual((await purposes()).sort());
  await page.goto(`${dashboard.url}/ui/sessions?q=nothing-like-it`);
  await page.getByText('No session fits').waitFor();

  await page.goto(`${dashboard.url}/ui/sessions`);
  for (const [heading, order, first, last] of [
    ['Opened', 'opened_last', 'task 59', 'task 0'],
    ['Opened', 'opened_first', 'task 0', 'task 59'],
    ['Last activity', 'newest', 'task 0', 'task 1'],
    ['Last activity', 'oldest', 'task 1', 'task 0'],
    ['Messages', 'most_messages', 'task 0', 'task 1'],
    ['Messages', 'fewest_messages', 'task 1', 'task 0'],
  ] as const) {
    await page.getByRole('columnheader', { name: heading }).getByRole('link').click();
    await page.waitForURL(`**/ui/sessions?sort=${order}`);
    expect(await page.getByRole('columnheader', { name: heading }).getAttribute('aria-sort')).not.toBeNull();
    const all = await purposes();
    await page.getByRole('link', { name: 'More sessions' }).click();
    await page.getByRole('link', { name: 'First sessions' }).waitFor();
    all.push(...(await purposes()));
    expect(new Set(all).size).toBe(60);
    expect([all.length, all[0]]).toEqual([60, first]);
    if (heading !== 'Last activity') expect(all.at(-1)).toBe(last);
    await page.getByRole('link', { name: 'First sessions' }).click();
    await page.waitForURL(`**/ui/sessions?sort=${order}`);
  }

  await page.goto(`${dashboard.url}/ui/sessions`);
  await page.locator('a.row').first().click();
  await page.getByRole('heading', { name: 'task 0' }).waitFor();
});

it.each(['light', 'dark'] as const)(
  'has nothing that axe finds, and fits 320 px, %s',
  async (colorScheme) => {
    await using opened = await dashboard.open('/ui/sessions', {
      colorScheme,
      viewport: { width: 320, height: 640 },
    });
    const { page } = opened;
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  },
);

it('keeps the theme that was chosen, from the first moment of the next page', async () => {
  await using opened = await dashboard.open('/ui/sessions', { colorScheme: 'light' });
  const { page } = opened;
  const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
  const light = await ground();
  await page.getByRole('button', { name: 'Theme: auto' }).click();
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.reload({ waitUntil: 'commit' });
  await page.locator('body').waitFor();
  expect(await ground()).toBe(dark);
});

it('says what is wrong in words, on a page', async () => {
  await using opened = await dashboard.open('/ui/sessions');
  opened.expectFailures();
  const { page } = opened;
  for (const [path, status, words] of [
    ['/ui/sessions/session_0000000000000000', 404, 'There is no session'],
    ['/ui/nothing', 404, 'There is nothing at /ui/nothing'],
    ['/ui/sessions?cursor=x', 400, 'cursor is not one of this listing'],
  ] as const) {
    expect((await page.goto(dashboard.url + path))?.status()).toBe(status);
    await page.getByRole('heading', { name: words }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
  }
});
