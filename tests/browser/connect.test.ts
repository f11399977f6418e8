import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

describe('connecting a client', () => {
  it('makes a key and settings that hide it, and turns green when the client comes', async () => {
    await using opened = await dashboard.open('/ui/connect', {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const { page } = opened;
    const client = page.locator('tr[data-row]').filter({ hasText: 'Claude Code' });
    await client.getByText('not connected').waitFor();
    await client.getByText('Connect…').click();
    await client.getByLabel('It acts as agent').fill('my-claude');
    await client.getByRole('button', { name: 'Make its key' }).click();
    await page.getByRole('heading', { name: 'Connect Claude Code' }).waitFor();
    await page.getByText('.claude.json').waitFor();
    const masked = page.locator('#masked');
    expect(await masked.innerText()).not.toContain('schk_');
    expect(await page.locator('#snippet').isVisible()).toBe(false);
    expect(await axeViolations(page)).toEqual([]);
    await page.getByText('Show it with its key').click();
    const snippet = await page.locator('#snippet').innerText();
    await page.getByRole('button', { name: 'Copy it' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(snippet);

    const server = JSON.parse(snippet).mcpServers.hub;
    expect(server.url).toBe(`${dashboard.url}/mcp`);
    await page.locator('#state').getByText('waiting for it').waitFor();
    const key = server.headers.Authorization.slice('Bearer '.length);
    const connected = await dashboard.hub.connect('2025', { key, agent: server.headers['X-Agent-Id'] });
    await connected.close();
    await page.locator('#state').getByText('connected').waitFor();

    await page.goto(`${dashboard.url}/ui/connect`);
    await client.getByText('connected, used').waitFor();
    // Its text is nowhere any more.
    expect(await page.content()).not.toContain('schk_');
    await client.getByText('Connect another…').click();
    expect(await client.getByLabel('Name of its key').inputValue()).toBe('claude-code-2');
  });

  it('gives each client what it reads', async () => {
    await using opened = await dashboard.open('/ui/connect');
    const { page } = opened;
    const client = page.locator('tr[data-row]').filter({ hasText: 'Codex' });
    await client.getByText('Connect…').click();
    await client.getByRole('button', { name: 'Make its key' }).click();
    await page.getByText('~/.codex/config.toml').waitFor();
    expect(await page.locator('#masked').innerText()).toContain('[mcp_servers.hub');
  });

  it('refuses a client that it does not know', async () => {
    await using opened = await dashboard.open('/ui/connect');
    opened.expectFailures();
    const { page } = opened;
    const client = page.locator('tr[data-row]').filter({ hasText: 'Cursor' });
    await client.getByText('Connect…').click();
    await client
      .locator('form')
      .evaluate((form: { action: string }) => (form.action = '/ui/connect/nonsense'));
    await client.getByRole('button', { name: 'Make its key' }).click();
    await page.getByRole('heading', { name: /client.*nonsense/ }).waitFor();
  });

  it.each(['light', 'dark'] as const)('has nothing that axe finds, %s', async (colorScheme) => {
    await using opened = await dashboard.open('/ui/connect', {
      colorScheme,
      viewport: { width: 320, height: 700 },
    });
    expect(await axeViolations(opened.page)).toEqual([]);
    expect(await opened.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });
});
