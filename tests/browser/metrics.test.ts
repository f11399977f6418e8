import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY } from '../_util/test-hub.ts';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
let session: string;

beforeAll(async () => {
  dashboard = await startDashboard();
  session = (await dashboard.api('POST', '/sessions', { purpose: 'a session' }))['session_id'] as string;
  for (const content of ['one', 'two', 'three'])
    await dashboard.api('POST', `/sessions/${session}/messages`, { content });
  await dashboard.api('GET', '/search?query=two');
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const CHARTS = ['Messages', 'Calls by tool', 'Time to answer', 'Errors', 'Time to search', 'Time to commit'];

describe('metrics', () => {
  it('are drawn, each with the table that it is drawn from', async () => {
    await using opened = await dashboard.open('/ui/metrics');
    const { page } = opened;
    for (const title of CHARTS) {
      const chart = page.locator('figure').filter({ has: page.getByRole('heading', { name: title }) });
      await chart.locator('canvas').waitFor();
      await chart.getByText('As a table').click();
      expect(await chart.getByRole('row').count()).toBeGreaterThan(1);
    }
    const messages = await page.locator('#messages td').allInnerTexts();
    expect(messages.some((text) => Number(text) > 0)).toBe(true);
    await page.locator('#calls').getByRole('columnheader', { name: 'add_message' }).waitFor();
    await page.getByRole('rowheader', { name: 'add_message' }).waitFor();
  });

  it('of a time that is drawn over lead to who spoke in it, and to that part of the timeline', async () => {
    await using opened = await dashboard.open('/ui/metrics?last=15');
    const { page } = opened;
    const over = page.locator('#messages .u-over');
    const box = (await over.boundingBox())!;
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.5, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 1, y, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=.*&to=/);
    const timeline = page.locator('#spoken').getByRole('link', { name: session });
    expect(await timeline.getAttribute('href')).toMatch(/\?since=.*&until=/);
    await page.getByRole('list', { name: 'Agents' }).getByText('3 messages').waitFor();
    await timeline.click();
    await page.locator('#rows').getByText('three').waitFor();
    await page.getByRole('link', { name: /^From/ }).waitFor();
  });

  it('take a time from a form, and refuse what is none', async () => {
    await using opened = await dashboard.open('/ui/metrics');
    opened.expectFailures();
    const { page } = opened;
    await page.getByLabel('From (UTC)').fill('2020-01-01T00:00');
    await page.getByLabel('To (UTC)').fill('2999-01-01T00:00');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('list', { name: 'Sessions' }).getByText('3 messages').waitFor();
    expect((await page.goto(`${dashboard.url}/ui/metrics?from=yesterday`))?.status()).toBe(400);
    await page.getByRole('heading', { name: /from.*yesterday/ }).waitFor();
  });

  it('count all who spoke in a time, and in all sessions, those with the most messages first', async () => {
    await using crowded = await startDashboard();
    const timestamp = new Date().toISOString();
    const lines = Array.from({ length: 1500 }, (_, i) => {
      const session = `of ${i % 120}`;
      const sender = i % 3 === 0 ? `rare-${i % 7}` : 'often';
      return JSON.stringify({ id: `${i}`, session, sender, content: 'words', timestamp });
    });
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const sent = { method: 'POST', headers, body: lines.join('\n') };
    expect(await (await crowded.hub.request('/api/v1/import', sent)).json()).toMatchObject({
      imported: 1500,
    });
    const { session_id: id } = await crowded.api('POST', '/sessions', { purpose: 'loud' });
    for (let i = 0; i < 20; i++)
      await crowded.api('POST', `/sessions/${String(id)}/messages`, { content: 'x' });
    await using opened = await crowded.open('/ui/metrics?from=2020-01-01T00:00&to=2999-01-01T00:00');
    const { page } = opened;
    const listed = async (name: string) =>
      (await page.getByRole('list', { name }).getByRole('listitem').allInnerTexts()).map((text) =>
        text.replace(/\s+/g, ' '),
      );
    const agents = await listed('Agents');
    expect(agents[0]).toBe('often 1,000 messages');
    expect(agents).toHaveLength(9);
    expect(agents).toContain('writer 20 messages');
    const sessions = await listed('Sessions');
    expect(sessions[0]).toBe(`Timeline of ${String(id)} 20 messages`);
    expect(sessions).toHaveLength(101);
    expect(sessions.at(-1)).toBe('and 21 more');
    expect(await axeViolations(page)).toEqual([]);
  });

  it('load at most 70 KB of scripts, which no other page loads', async () => {
    await using opened = await dashboard.open('/ui/health');
    const { page } = opened;
    expect(await page.locator('script[src*="charts"]').count()).toBe(0);
    const scripts = new Map<string, Promise<Buffer>>();
    page.on('response', (response) => {
      if (response.url().endsWith('.js')) scripts.set(response.url(), response.body());
    });
    await page.goto(`${dashboard.url}/ui/metrics`);
    await page.locator('canvas').first().waitFor();
    const bodies = await Promise.all(scripts.values());
    const bytes = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(70_000);
  });

  it('say so where nothing is measured', async () => {
    await using off = await startDashboard({ env: { ENABLE_PERFORMANCE_MONITORING: 'false' } });
    await using opened = await off.open('/ui/metrics');
    await opened.page.getByText('ENABLE_PERFORMANCE_MONITORING').waitFor();
  });

  it.each(['light', 'dark'] as const)('have nothing that axe finds, %s', async (colorScheme) => {
    for (const width of [320, 1280]) {
      await using opened = await dashboard.open('/ui/metrics', {
        colorScheme,
        viewport: { width, height: 800 },
      });
      await opened.page.locator('canvas').first().waitFor();
      expect(await axeViolations(opened.page)).toEqual([]);
      expect(await opened.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }
  });
});
