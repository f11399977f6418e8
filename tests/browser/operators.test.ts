import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSuccess } from '../_util/scenario-doors.ts';
import { AGENT_KEY } from '../_util/test-hub.ts';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
let session: string;

beforeAll(async () => {
  dashboard = await startDashboard();
  session = (await dashboard.api('POST', '/sessions', { purpose: 'a session' }))['session_id'] as string;
  await dashboard.api('POST', `/sessions/${session}/messages`, { content: 'the plan is ready' }, 'builder');
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const row = (text: string) => ({ hasText: text });
const open = (path: string) => dashboard.open(path);

async function hold(resource: string, agent: string): Promise<void> {
  const client = await dashboard.hub.connect('2026', { key: AGENT_KEY, agent, type: 'coder' });
  expectSuccess(
    await client.callTool('acquire_lease', { resources: [resource], reason: 'at work', ttl_seconds: 600 }),
  );
  await client.close();
}

describe('agents', () => {
  it('are listed with what they did last, and lead to a page of their own', async () => {
    await hold('src/agents/**', 'reviewer');
    await using opened = await open('/ui/agents');
    const { page } = opened;
    const reviewer = page.locator('tr[data-row]').filter(row('reviewer'));
    await reviewer.getByText('online').waitFor();
    await reviewer.getByText('acquire_lease').waitFor();
    await reviewer.getByText('coder').waitFor();
    await reviewer.getByRole('link', { name: 'reviewer' }).click();
    await page.getByRole('heading', { name: 'reviewer' }).waitFor();
    await page.getByRole('heading', { name: 'Holds' }).waitFor();
    await page.getByText('src/agents/**').waitFor();
  });

  it('are listed by id as well, and show what they said', async () => {
    await using opened = await open('/ui/agents?by=id');
    await opened.page.getByRole('link', { name: 'builder' }).click();
    await opened.page.getByRole('link', { name: 'the plan is ready' }).click();
    await opened.page.locator('#rows').getByText('the plan is ready').waitFor();
  });

  it('that are not there are said to be not there', async () => {
    await using opened = await open('/ui/agents');
    opened.expectFailures();
    expect((await opened.page.goto(`${dashboard.url}/ui/agents/nobody`))?.status()).toBe(404);
    await opened.page.getByRole('heading', { name: 'There is no agent nobody' }).waitFor();
  });
});

describe('leases', () => {
  it('count down, and are taken away after a question', async () => {
    await hold('src/leases/**', 'holder');
    await using opened = await open('/ui/leases');
    const { page } = opened;
    const lease = page.locator('tr[data-row]').filter(row('src/leases/**'));
    const left = lease.locator('[data-until]');
    const first = await left.innerText();
    expect(first).toMatch(/^(10:00|9:\d\d)$/);
    await expect.poll(() => left.innerText()).not.toBe(first);
    const release = lease.getByRole('button', { name: 'Release it' });
    expect(await release.isVisible()).toBe(false);
    await lease.getByText('Release…').click();
    await release.click();
    await expect.poll(() => page.locator('tr[data-row]').filter(row('src/leases/**')).count()).toBe(0);
    await page.goto(`${dashboard.url}/ui/audit?event_type=lease.released`);
    await page.locator('tr[data-row]').filter(row('lease.released')).waitFor();
  });

  it('are found by what they meet and by who holds them', async () => {
    await hold('docs/**', 'author');
    await using opened = await open('/ui/leases?resource=docs%2Fplan.md');
    await opened.page.locator('tr[data-row]').filter(row('docs/**')).waitFor();
    await opened.page.goto(`${dashboard.url}/ui/leases?holder=nobody`);
    await opened.page.getByText('No lease fits').waitFor();
  });
});

describe('keys', () => {
  it('are made and shown once, rotated, and revoked', async () => {
    await using opened = await open('/ui/keys');
    const { page } = opened;
    await page.getByText('New key').click();
    await page.getByLabel('Name', { exact: true }).fill('laptop');
    await page.getByLabel('Ends').selectOption({ label: 'In 30 days' });
    await page.getByRole('button', { name: 'Make the key' }).click();
    await page.getByRole('heading', { name: 'Key laptop is made' }).waitFor();
    const text = await page.locator('[data-copy]').innerText();
    expect(await statusWith(text)).toBe(200);
    await page.getByRole('link', { name: 'I have stored it' }).click();
    expect(await page.content()).not.toContain(text);
    const laptop = page.locator('tr[data-row]').filter(row('laptop'));
    await laptop.getByText('in 29d').or(laptop.getByText('in 30d')).waitFor();

    await laptop.getByText('Rotate…').click();
    await laptop.getByLabel('The old text stays good for').selectOption({ label: 'not at all' });
    await laptop.getByRole('button', { name: 'Rotate it' }).click();
    await page.getByRole('heading', { name: 'Key laptop has another text' }).waitFor();
    const next = await page.locator('[data-copy]').innerText();
    expect([await statusWith(text), await statusWith(next)]).toEqual([401, 200]);

    await page.goto(`${dashboard.url}/ui/keys`);
    await laptop.getByText('Revoke…').click();
    await laptop.getByRole('button', { name: 'Revoke it' }).click();
    await laptop.getByText('revoked').waitFor();
    expect(await statusWith(next)).toBe(401);
  });

  it('with a wrong field are refused by its name', async () => {
    await using opened = await open('/ui/keys');
    opened.expectFailures();
    const { page } = opened;
    await page.getByText('New key').click();
    await page.getByLabel('Name', { exact: true }).fill('agent');
    await page.getByRole('button', { name: 'Make the key' }).click();
    await page.getByRole('heading', { name: /^name .*agent/ }).waitFor();
  });
});

async function statusWith(key: string): Promise<number> {
  const { status } = await fetch(`${dashboard.url}/api/v1/sessions`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return status;
}

describe('the audit log', () => {
  it('is filtered in the address', async () => {
    await dashboard.hub.makeKey('for-the-log');
    await using opened = await open('/ui/audit?event_type=key.created&since=2020-01-01T00:00');
    const { page } = opened;
    const found = page.locator('tr[data-row]').filter(row('for-the-log'));
    await found.getByText('ok', { exact: true }).waitFor();
    await found.getByText('key_admin').waitFor();
    const href = await page.getByRole('link', { name: 'as JSON' }).getAttribute('href');
    const twin = await (await page.request.get(dashboard.url + href!)).json();
    expect(twin.entries.every((entry: { event_type: string }) => entry.event_type === 'key.created')).toBe(
      true,
    );
    expect(await page.locator('tr[data-row]').filter(row('auth.login')).count()).toBe(0);
    await page.getByRole('link', { name: /^Event/ }).click();
    await page.locator('tr[data-row]').filter(row('auth.login')).first().waitFor();
    expect(page.url()).not.toContain('event_type');
  });

  it('is exported as it is filtered', async () => {
    await using opened = await open('/ui/audit?event_type=key.created&since=2020-01-01T00:00');
    const { page } = opened;
    for (const [name, start] of [
      ['JSONL', '{"id":'],
      ['CSV', 'id,at,'],
      ['Markdown', '# Audit log'],
    ] as const) {
      const coming = page.waitForEvent('download');
      await page.getByRole('link', { name, exact: true }).click();
      const text = Buffer.concat(await (await (await coming).createReadStream()).toArray()).toString();
      expect(text.replace('\uFEFF', '').startsWith(start), text.slice(0, 40)).toBe(true);
      expect(text).toMatch(/key\\?\.created/);
      expect(text).not.toContain('auth.login');
    }
  });

  it('refuses an event that does not exist, by name', async () => {
    await using opened = await open('/ui/audit');
    opened.expectFailures();
    expect((await opened.page.goto(`${dashboard.url}/ui/audit?event_type=nonsense`))?.status()).toBe(400);
    await opened.page.getByRole('heading', { name: /event_type.*nonsense/ }).waitFor();
  });
});

describe('health', () => {
  it('shows each part, and the figures of now', async () => {
    await using opened = await open('/ui/health');
    const { page } = opened;
    await page.getByRole('heading', { name: /The hub (is healthy|works)/ }).waitFor();
    for (const part of ['Database', 'Search index', 'Backups', 'Disk'])
      await page.getByRole('rowheader', { name: part }).waitFor();
    await page.getByText('0.0.0-test').waitFor();
    await page.getByText('Write-ahead log').waitFor();
  });
});

const PATHS = ['agents', 'agents/builder', 'leases', 'keys', 'audit', 'health'];

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it.each(PATHS)('%s has nothing that axe finds, fits a small screen, and has a twin', async (path) => {
    await using opened = await dashboard.open(`/ui/${path}`, {
      colorScheme,
      viewport: { width: 320, height: 700 },
    });
    expect(await axeViolations(opened.page)).toEqual([]);
    expect(await opened.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    const twin = await opened.page.request.get(`${dashboard.url}/ui/${path}.json`);
    expect(twin.headers()['content-type']).toContain('application/json');
  });
});
