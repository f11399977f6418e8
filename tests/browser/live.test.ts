import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { expectSuccess } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY } from '../_util/test-hub.ts';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const row = (page: Page, text: string) => page.locator('tr[data-row]').filter({ hasText: text });

async function newSession(purpose: string): Promise<string> {
  return (await dashboard.api('POST', '/sessions', { purpose }))['session_id'] as string;
}
const post = (id: string, content: string, more: object = {}, agent?: string) =>
  dashboard.api('POST', `/sessions/${id}/messages`, { content, ...more }, agent);

async function hold(resource: string, agent: string): Promise<string> {
  const client = await dashboard.hub.connect('2026', { key: AGENT_KEY, agent });
  const args = { resources: [resource], ttl_seconds: 600 };
  const granted = expectSuccess(await client.callTool('acquire_lease', args));
  await client.close();
  return (granted['lease'] as { lease_id: string }).lease_id;
}

/** Opens a page and waits until it is live; `streams` are the event streams that it has asked for. */
async function openLive(path: string) {
  const opened = await dashboard.open('/ui/login');
  const streams: string[] = [];
  opened.page.on('request', (request) => {
    if (request.url().includes('/events')) streams.push(request.url());
  });
  await opened.page.goto(dashboard.url + path);
  await opened.page.locator('#live').getByText('Live').waitFor();
  await expect.poll(() => streams.length).toBe(1);
  // A page that is loaded anew loses it.
  await opened.page.evaluate('window.stayed = true');
  return { ...opened, streams, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

async function expectStayed({ page, streams }: { page: Page; streams: readonly string[] }): Promise<void> {
  expect(await page.evaluate('window.stayed')).toBe(true);
  expect(streams).toHaveLength(1);
}

describe('the sessions', () => {
  it('come and move up by themselves, and leave alone what is filled in and what has the focus', async () => {
    const old = await newSession('the older one');
    await newSession('the newer one');
    await using opened = await openLive('/ui/sessions');
    const { page } = opened;
    const purposes = () => page.locator('a.row').allTextContents();
    expect(await purposes()).toEqual(['the newer one', 'the older one']);
    await page.getByLabel('Purpose').fill('not sent yet');
    await page.getByRole('link', { name: 'the older one' }).focus();
    await post(old, 'hello', {}, 'somebody');
    await expect.poll(purposes).toEqual(['the older one', 'the newer one']);
    await row(page, 'the older one').getByText('somebody').waitFor();
    await newSession('quite new');
    await expect.poll(purposes).toEqual(['quite new', 'the older one', 'the newer one']);
    await dashboard.api('PATCH', `/sessions/${old}`, { is_active: false });
    await row(page, 'the older one').getByText('closed').waitFor();
    expect(await page.getByLabel('Purpose').inputValue()).toBe('not sent yet');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('the older one');
    expect(await axeViolations(page)).toEqual([]);
    await expectStayed(opened);
  });

  it('miss nothing while the stream is cut, nor while it is paused', async () => {
    await using opened = await openLive('/ui/sessions');
    opened.expectFailures();
    const { page } = opened;
    dashboard.cut();
    await page.locator('#live').getByText('Reconnecting').waitFor();
    await newSession('made in the dark');
    dashboard.mend();
    await row(page, 'made in the dark').waitFor();
    await page.keyboard.press('Space');
    await page.locator('#live').getByText('Paused').waitFor();
    const shown = await page.locator('a.row').allTextContents();
    await newSession('made in a pause');
    // Until the hub has told others of it.
    await using other = await dashboard.open('/ui/sessions');
    await row(other.page, 'made in a pause').waitFor();
    expect(await page.locator('a.row').allTextContents()).toEqual(shown);
    await page.keyboard.press('Space');
    await row(page, 'made in a pause').waitFor();
  });

  it('say so when the login is over', async () => {
    const link = new URL(await dashboard.loginUrl()).pathname;
    await using opened = await dashboard.openStranger(link);
    opened.expectFailures();
    const { page } = opened;
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.locator('#live').getByText('Live').waitFor();
    const [cookie] = await opened.context.cookies();
    await using other = await dashboard.openStranger('/ui/login');
    await other.context.addCookies([cookie!]);
    await other.page.goto(`${dashboard.url}/ui/health`);
    await other.page.getByRole('button', { name: 'Log out' }).click();
    await page.locator('#live').getByText('Logged out').waitFor();
  });
});

describe('agents', () => {
  it('appear, and change, by themselves', async () => {
    await using opened = await openLive('/ui/agents');
    const { page } = opened;
    expect(await row(page, 'late-comer').count()).toBe(0);
    await newSession('by nobody else');
    const lease = await hold('src/late/**', 'late-comer');
    await row(page, 'late-comer').getByText('acquire_lease').waitFor();
    await page.getByText('online').first().waitFor();
    await using one = await openLive('/ui/agents/late-comer');
    await one.page.getByRole('heading', { name: 'Holds' }).waitFor();
    await dashboard.api('DELETE', `/leases/${lease}`, undefined, 'late-comer');
    await one.page.getByRole('heading', { name: 'Holds' }).waitFor({ state: 'detached' });
    await post(await newSession('x'), 'my first words', {}, 'late-comer');
    await one.page.getByText('my first words').waitFor();
    await expectStayed(opened);
  });
});

describe('leases', () => {
  it('come and go by themselves, while a question about one of them is open', async () => {
    const first = await hold('src/a/**', 'holder-a');
    await using opened = await openLive('/ui/leases');
    const { page } = opened;
    const second = await hold('src/b/**', 'holder-b');
    await row(page, 'src/b/**').waitFor();
    await row(page, 'src/b/**').getByText('Release…').click();
    await dashboard.api('DELETE', `/leases/${first}`, undefined, 'holder-a');
    await row(page, 'src/a/**').waitFor({ state: 'detached' });
    await row(page, 'src/b/**').getByRole('button', { name: 'Release it' }).waitFor();
    await dashboard.api('DELETE', `/leases/${second}`, undefined, 'holder-b');
    await page.getByRole('heading', { name: 'Nothing is held' }).waitFor();
    await expectStayed(opened);
  });
});

describe('the memory', () => {
  it('shows what is remembered as it comes', async () => {
    await using opened = await openLive('/ui/memory');
    await dashboard.api('PUT', '/memory/live%2Fkey', { value: 1, scope: 'shared' });
    await row(opened.page, 'live/key').waitFor();
    await expectStayed(opened);
  });
});

describe('metrics', () => {
  it('go on by themselves, chart and table', { timeout: 40_000 }, async () => {
    const session = await newSession('measured');
    await using opened = await openLive('/ui/metrics?last=15');
    const { page } = opened;
    const total = async (): Promise<number> => {
      const cells = await page.locator('#messages td').allTextContents();
      return cells.reduce((sum, text) => sum + Number(text), 0);
    };
    const picture = (): Promise<string> =>
      page.evaluate("document.querySelector('#messages canvas').toDataURL()");
    const before = await total();
    const drawn = await picture();
    await page.locator('#calls').getByText('As a table').click();
    for (let i = 0; i < 200; i++) await post(session, `message ${i}`);
    await expect.poll(total, { timeout: 25_000 }).toBeGreaterThan(before);
    await expect.poll(picture).not.toBe(drawn);
    // What was unfolded still is, and no chart is there twice.
    expect(await page.locator('#calls details').getAttribute('open')).not.toBeNull();
    expect(await page.locator('#messages canvas').count()).toBe(1);
    await expectStayed(opened);
  });

  it('of a time that is over stay as they are', async () => {
    await using opened = await dashboard.open('/ui/metrics?from=2020-01-01T00:00');
    expect(await opened.page.locator('#live').count()).toBe(0);
  });
});

describe('a timeline with a filter', () => {
  it.each(['?agent=wanted', '?type=finding', '?since=2000-01-01T00:00', '?code=1'])(
    'tells how many new messages fit it: %s',
    async (query) => {
      const session = await newSession('filtered');
      const fits = () => post(session, '`code`', { message_type: 'finding' }, 'wanted');
      for (let i = 0; i < 40; i++) await fits();
      await using opened = await dashboard.open(`/ui/sessions/${session}${query}`);
      const { page } = opened;
      await page.getByText('Live', { exact: true }).waitFor();
      await page.evaluate('scrollTo(0, 0)');
      await page.getByText('Paused: scrolled up').waitFor();
      for (let i = 0; i < 3; i++) {
        await fits();
        if (!query.includes('since')) await post(session, `words ${i}`);
      }
      const jump = page.locator('#jump');
      await expect.poll(() => jump.textContent()).toBe('3 new ↓');
      await jump.click();
      await expect.poll(() => page.locator('#rows > li').count()).toBe(43);
      await expect.poll(() => jump.isVisible()).toBe(false);
    },
  );

  it('of a long time goes on by pages, and keeps the time', async () => {
    const session = await newSession('long');
    await Promise.all(Array.from({ length: 250 }, (_, i) => post(session, `message ${i}`)));
    await using opened = await dashboard.open(`/ui/sessions/${session}?since=2000-01-01T00:00`, {
      javaScriptEnabled: false,
    });
    const { page } = opened;
    const ids = async () => (await page.locator('#rows > li').all()).map((one) => one.getAttribute('id'));
    const seen = await Promise.all(await ids());
    await page.getByRole('link', { name: 'Newer messages' }).click();
    seen.push(...(await Promise.all(await ids())));
    expect(new Set(seen).size).toBe(250);
    expect(seen).toHaveLength(250);
    await page.getByRole('link', { name: 'From 2000-01-01T00:00' }).waitFor();
  });
});

describe('the stream of kinds', () => {
  const stream = (key: string, path = '') =>
    dashboard.hub.request(`/events?detail=kinds${path}`, { headers: { authorization: `Bearer ${key}` } });

  it('tells admins that something happened, and nobody what', async () => {
    const answer = await stream(ADMIN_KEY);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    await post(await newSession('a secret purpose'), 'a secret', { visibility: 'private' });
    let text = '';
    while (!text.includes('message.added')) text += (await reader.read()).value ?? '';
    await reader.cancel();
    expect(text).toContain('event: session.created\ndata: {}\n');
    expect(text).not.toContain('secret');
    expect((await stream(AGENT_KEY)).status).toBe(403);
    expect((await stream(ADMIN_KEY, '&session_id=session_0000000000000000')).status).toBe(404);
  });
});
