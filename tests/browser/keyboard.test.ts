/** With keys alone: everything on every page is reached, shows that it has the focus, and does what the page is for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { expectSuccess } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY } from '../_util/test-hub.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
let session: string;

beforeAll(async () => {
  dashboard = await startDashboard();
  session = String((await dashboard.api('POST', '/sessions', { purpose: 'by keys' }))['session_id']);
  await dashboard.api('POST', `/sessions/${session}/messages`, { content: 'hello' }, 'builder');
  for (const value of ['one', 'two']) await dashboard.api('PUT', '/memory/plan', { value, scope: 'shared' });
  const client = await dashboard.hub.connect('2026', { key: AGENT_KEY, agent: 'builder' });
  expectSuccess(await client.callTool('acquire_lease', { resources: ['src/**'], ttl_seconds: 600 }));
  await client.close();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

/** What has the focus: its place among all that can have it, and whether one sees that. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const { width, height } = element.getBoundingClientRect();
  const words = (element.getAttribute('aria-label') ?? element.textContent ?? '').replace(/\\s+/g, ' ').trim();
  return {
    at: all().indexOf(element),
    name: element.tagName.toLowerCase() + ' ' + (element.name || words).slice(0, 40),
    ring: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && width > 0 && height > 0,
  };
})()`;
/** All that can be pressed or filled in and is to be seen. */
const ALL = `window.all = () => [...document.querySelectorAll(
  'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled)`;

interface Focused {
  readonly at: number;
  readonly name: string;
  readonly ring: boolean;
}

const PAGES = (): readonly string[] => [
  'sessions',
  `sessions/${session}`,
  'search?q=hello',
  'memory',
  'memory/entry?key=plan&scope=shared',
  'memory/history?key=plan&scope=shared',
  'agents',
  'agents/builder',
  'leases',
  'metrics',
  'health',
  'audit',
  'keys',
  'connect',
];

/** Presses Tab until something has the focus whose name holds `words`. */
async function tabTo(page: Page, words: string): Promise<void> {
  await page.evaluate(ALL);
  for (let presses = 0; presses < 200; presses++) {
    await page.keyboard.press('Tab');
    const { name } = await page.evaluate<Focused>(FOCUSED);
    if (name.includes(words)) return;
  }
  throw new Error(`Tab never came to ${words}`);
}

describe('Tab', () => {
  it('comes to everything on every page, in order, and shows where it is', { timeout: 90_000 }, async () => {
    await using opened = await dashboard.open('/ui/health');
    const { page } = opened;
    for (const path of PAGES()) {
      await page.goto(`${dashboard.url}/ui/${path}`);
      await page.getByRole('button', { name: 'Theme' }).waitFor();
      await page.evaluate(ALL);
      const wanted = await page.evaluate<number>('all().length');
      const reached = new Set<number>();
      const ringless: string[] = [];
      // What is a field of several parts, as a time, takes several.
      for (let presses = 0; presses < 3 * wanted + 20 && reached.size < wanted; presses++) {
        await page.keyboard.press('Tab');
        const { at, name, ring } = await page.evaluate<Focused>(FOCUSED);
        if (at === -1) continue;
        reached.add(at);
        if (!ring) ringless.push(name);
      }
      const missed = await page.evaluate<readonly string[]>(
        `all().filter((_, at) => !${JSON.stringify([...reached])}.includes(at)).map((element) => element.outerHTML.slice(0, 120))`,
      );
      expect(missed, path).toEqual([]);
      expect(ringless, path).toEqual([]);
    }
  });

  it('begins with a way past the navigation', async () => {
    await using opened = await dashboard.open('/ui/sessions');
    const { page } = opened;
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.keyboard.press('Tab');
    expect(await page.evaluate("document.activeElement.closest('main') !== null")).toBe(true);
  });
});

describe('keys alone', () => {
  it('log in', async () => {
    await using opened = await dashboard.openStranger('/ui/login');
    const { page } = opened;
    await page.keyboard.press('Tab');
    await page.keyboard.type(ADMIN_KEY);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/ui/sessions');
  });

  it('open a session, speak in it, filter it and close it', async () => {
    await using opened = await dashboard.open('/ui/sessions');
    const { page } = opened;
    await tabTo(page, 'by keys');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/ui/sessions/${session}`);
    await tabTo(page, 'Filter');
    await page.keyboard.press('Enter');
    await tabTo(page, 'select agent');
    await page.keyboard.type('builder');
    await page.waitForURL('**agent=builder**');
    await page.goto(`${dashboard.url}/ui/sessions/${session}`);
    await tabTo(page, 'textarea content');
    await page.keyboard.type('said with keys');
    await tabTo(page, 'button Send');
    await page.keyboard.press('Enter');
    await page.locator('.msg', { hasText: 'said with keys' }).waitFor();
    await tabTo(page, 'Close');
    await page.keyboard.press('Enter');
    await tabTo(page, 'button Close the session');
    await page.keyboard.press('Enter');
    await page.getByText('takes no new messages').waitFor();
  });

  it('search, and open what is found', async () => {
    await using opened = await dashboard.open('/ui/search');
    const { page } = opened;
    await page.keyboard.press('/');
    await page.keyboard.type('hello');
    await page.locator('.hits a.row').first().waitFor();
    await page.waitForURL('**q=hello');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/ui/sessions/${session}**`);
  });

  it('change memory', async () => {
    await using opened = await dashboard.open('/ui/memory');
    const { page } = opened;
    await tabTo(page, 'a plan');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Value' }).waitFor();
    await tabTo(page, 'summary Edit');
    await page.keyboard.press('Enter');
    await tabTo(page, 'textarea value');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('"three"');
    await tabTo(page, 'button Save');
    await page.keyboard.press('Enter');
    await page.getByText('version 3', { exact: true }).waitFor();
  });

  it('look at an agent, and take a lease away', async () => {
    await using opened = await dashboard.open('/ui/agents');
    const { page } = opened;
    await tabTo(page, 'a builder');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Holds' }).waitFor();
    await tabTo(page, 'All leases');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/ui/leases');
    await tabTo(page, 'Release');
    await page.keyboard.press('Enter');
    await tabTo(page, 'button Release it');
    await page.keyboard.press('Enter');
    await page.getByText('Nothing is held').waitFor();
  });

  it('choose a time of the metrics, and read a chart as a table', async () => {
    await using opened = await dashboard.open('/ui/metrics');
    const { page } = opened;
    await tabTo(page, '15 minutes');
    await page.keyboard.press('Enter');
    await page.waitForURL('**last=15');
    await tabTo(page, 'As a table: Messages');
    await page.keyboard.press('Enter');
    await page.locator('#messages').getByRole('columnheader', { name: 'Messages' }).waitFor();
  });

  it('filter the audit log', async () => {
    await using opened = await dashboard.open('/ui/audit');
    const { page } = opened;
    await tabTo(page, 'select event_type');
    await page.keyboard.type('auth.login');
    await page.waitForURL('**event_type=auth.login');
  });

  it('make a key, and revoke it', async () => {
    await using opened = await dashboard.open('/ui/keys');
    const { page } = opened;
    await tabTo(page, 'New key');
    await page.keyboard.press('Enter');
    await tabTo(page, 'input name');
    await page.keyboard.type('keyboard');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Key keyboard is made' }).waitFor();
    await tabTo(page, 'I have stored it');
    await page.keyboard.press('Enter');
    const row = page.locator('tr[data-row]').filter({ hasText: 'keyboard' });
    await row.waitFor();
    await tabTo(page, 'Revoke… key keyboard');
    await page.keyboard.press('Enter');
    await tabTo(page, 'button Revoke it');
    await page.keyboard.press('Enter');
    await row.getByText('revoked').waitFor();
  });

  it('connect a client', async () => {
    await using opened = await dashboard.open('/ui/connect');
    const { page } = opened;
    await tabTo(page, 'Connect… Codex');
    await page.keyboard.press('Enter');
    await tabTo(page, 'button Make its key');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Connect Codex' }).waitFor();
  });
});
