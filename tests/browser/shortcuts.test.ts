import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
let session: string;
const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] };

beforeAll(async () => {
  dashboard = await startDashboard();
  for (const purpose of ['first', 'second', 'third'])
    session = (await dashboard.api('POST', '/sessions', { purpose }))['session_id'] as string;
  const path = `/sessions/${session}/messages`;
  await dashboard.api('POST', path, { content: 'short' });
  await dashboard.api('POST', path, { content: 'long\n'.repeat(60) });
});
afterAll(() => dashboard[Symbol.asyncDispose]());

describe('the keyboard', () => {
  it('goes through rows, opens one, and copies its link', async () => {
    await using opened = await dashboard.open('/ui/sessions', clipboard);
    const { page } = opened;
    const at = page.locator('tr.at');
    await page.keyboard.press('j');
    const first = await at.textContent();
    await page.keyboard.press('j');
    expect(await at.textContent()).not.toBe(first);
    await page.keyboard.press('k');
    expect(await at.textContent()).toBe(first);
    await page.keyboard.press('y');
    await page.locator('#said', { hasText: 'Link copied' }).waitFor({ state: 'attached' });
    const link = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(link).toBe(`${dashboard.url}/ui/sessions/${session}`);
    await page.keyboard.press('Escape');
    expect(await at.count()).toBe(0);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(link);
  });

  it('goes through messages, unfolds one, and pauses', async () => {
    await using opened = await dashboard.open(`/ui/sessions/${session}`, clipboard);
    const { page } = opened;
    await page.getByText('Live', { exact: true }).waitFor();
    await page.keyboard.press('k');
    const fold = page.locator('.msg.at details.fold');
    expect(await fold.getAttribute('open')).toBeNull();
    await page.keyboard.press('Enter');
    expect(await fold.getAttribute('open')).not.toBeNull();
    await page.keyboard.press('y');
    await page.locator('#said', { hasText: 'Link copied' }).waitFor({ state: 'attached' });
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(
      /\/ui\/sessions\/session_\w+#m-\d+$/,
    );
    await page.keyboard.press('Space');
    await page.getByText('Paused', { exact: true }).waitFor();
    await page.keyboard.press('Space');
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it.each([
    ['s', '/ui/sessions'],
    ['m', '/ui/memory'],
    ['a', '/ui/agents'],
  ])('g %s leads to %s', async (key, path) => {
    await using opened = await dashboard.open('/ui/search');
    const { page } = opened;
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.waitForURL(`${dashboard.url}${path}`);
  });

  it('is letters where something is typed', async () => {
    await using opened = await dashboard.open('/ui/sessions');
    const { page } = opened;
    await page.keyboard.press('/');
    const box = page.getByLabel('Search everything');
    await page.keyboard.type('?gsjy/ ');
    expect(await box.inputValue()).toBe('?gsjy/ ');
    expect(await page.locator('dialog').count()).toBe(0);
    expect(await page.locator('tr.at').count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.locator('tr.at').waitFor();
    expect(page.url()).toBe(`${dashboard.url}/ui/sessions`);
  });

  it('has a palette that leads everywhere', async () => {
    await using opened = await dashboard.open('/ui/sessions');
    const { page } = opened;
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'Memory' }).waitFor();
    await page.keyboard.type('second');
    expect(
      await page.getByRole('listbox', { name: 'Commands' }).getByRole('option').allTextContents(),
    ).toEqual(['second', 'Search for “second”']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/ui/search?q=second');
    await page.keyboard.press('Control+k');
    await page.keyboard.press('Escape');
    expect(await page.locator('dialog').count()).toBe(0);
  });

  it.each(['light', 'dark'] as const)(
    'explains itself, with nothing that axe finds, %s',
    async (colorScheme) => {
      await using opened = await dashboard.open('/ui/sessions', { colorScheme });
      const { page } = opened;
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard' }).getByText('Copy the link').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
      await page.getByRole('button', { name: 'Close' }).click();
      await page.keyboard.press('Control+k');
      await page.getByRole('option', { name: 'Memory' }).waitFor();
      expect(await axeViolations(page)).toEqual([]);
    },
  );
});
