import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const set = (key: string, value: unknown, more: object = {}, agent?: string) =>
  dashboard.api('PUT', `/memory/${encodeURIComponent(key)}`, { value, scope: 'shared', ...more }, agent);
const get = (key: string) => dashboard.api('GET', `/memory/${encodeURIComponent(key)}?scope=shared`);
const keys = (page: Page): Promise<string[]> => page.locator('tr[data-row] td.wide code').allTextContents();

it('says what to do where nothing is remembered', async () => {
  await using opened = await dashboard.open('/ui/memory');
  await opened.page.getByText('schub memory set').waitFor();
});

describe('the memory', () => {
  beforeAll(async () => {
    for (let i = 0; i < 3; i++) await set(`plan/step.${i}`, { text: `step ${i}` });
    await set('plan/goal', 'ship it');
    await set('release', 'soon', { expires_in: 3600 });
    await set('mine', 'a secret of writer', { scope: 'agent' });
  });

  it('is a tree of keys, which an address shows again', async () => {
    await using opened = await dashboard.open('/ui/memory');
    const { page } = opened;
    expect(await keys(page)).toEqual(['plan/', 'release']);
    await page.getByRole('link', { name: 'plan/' }).click();
    expect(await keys(page)).toEqual(['plan/goal', 'plan/step.']);
    await page.getByRole('link', { name: 'plan/step.' }).click();
    expect(await keys(page)).toEqual(['plan/step.0', 'plan/step.1', 'plan/step.2']);
    await using fresh = await dashboard.open(new URL(page.url()).pathname + new URL(page.url()).search);
    expect(await keys(fresh.page)).toEqual(await keys(page));
    await page.getByRole('navigation', { name: 'Folder' }).getByRole('link', { name: 'plan/' }).click();
    expect(await keys(page)).toHaveLength(2);
  });

  it('is searched in its values', async () => {
    await using opened = await dashboard.open('/ui/memory');
    const { page } = opened;
    await page.getByLabel('Keys and values').fill('step 2');
    await page.keyboard.press('Enter');
    await page.waitForURL('**q=step**');
    expect(await keys(page)).toEqual(['plan/step.2']);
  });

  it('shows which keys an agent keeps for itself, and not what is under them', async () => {
    await using opened = await dashboard.open('/ui/memory?agent=writer');
    const { page } = opened;
    expect(await keys(page)).toEqual(['mine']);
    await expect(page.getByRole('link', { name: 'mine' }).count()).resolves.toBe(0);
    expect(await page.content()).not.toContain('a secret of writer');
  });

  it('counts down what expires', async () => {
    await using opened = await dashboard.open('/ui/memory');
    const left = opened.page.locator('tr', { hasText: 'release' }).locator('[data-until]');
    const before = await left.textContent();
    expect(before).toMatch(/^(59:\d\d|1:00:00)$/);
    await expect.poll(() => left.textContent()).not.toBe(before);
  });

  it('goes on by pages', async () => {
    for (let i = 100; i < 310; i++) await set(`many-${i}`, i);
    await using opened = await dashboard.open('/ui/memory?prefix=many-');
    const { page } = opened;
    const first = await keys(page);
    await page.getByRole('link', { name: 'More entries' }).click();
    expect([...first, ...(await keys(page))]).toEqual(
      Array.from({ length: 210 }, (_, i) => `many-${i + 100}`),
    );
  });
});

describe('an entry', () => {
  const at = '/ui/memory/entry?key=entry&scope=shared';
  beforeEach(async () => {
    await set('entry', { a: 1 }, { metadata: { of: 'test' }, expires_in: 7200 });
  });

  it('is edited, unless somebody else has meanwhile', async () => {
    await using opened = await dashboard.open(at);
    const { page } = opened;
    opened.expectFailures();
    const version = Number((await get('entry'))['version']);
    await page.getByText(`version ${version}`, { exact: true }).waitFor();
    await page.getByText('Edit', { exact: true }).click();
    await page.getByLabel('Value (JSON)').fill('{"a": [2, "zwei"]}');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(`version ${version + 1}`, { exact: true }).waitFor();
    const changed = await get('entry');
    expect(changed).toMatchObject({ value: { a: [2, 'zwei'] }, metadata: { of: 'test' } });
    // What was to expire still is.
    expect(Date.parse(String(changed['expires_at']))).toBeGreaterThan(Date.now());

    await page.getByText('Edit', { exact: true }).click();
    await page.getByLabel('Value (JSON)').fill('not so');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'value is not JSON' }).waitFor();

    await page.goto(dashboard.url + at);
    await set('entry', 'of another');
    await page.getByText('Edit', { exact: true }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: /has version/ }).waitFor();
    expect(await get('entry')).toMatchObject({ value: 'of another' });
  });

  it('is deleted after a question, without scripts as well', async () => {
    await using opened = await dashboard.open(at, { javaScriptEnabled: false });
    const { page } = opened;
    const button = page.getByRole('button', { name: 'Delete for good' });
    await expect(button.isVisible()).resolves.toBe(false);
    await page.getByText('Delete …').click();
    await button.click();
    await page.waitForURL('**/ui/memory');
    await expect(get('entry')).rejects.toThrow('MEMORY_NOT_FOUND');
  });

  it.each(['light', 'dark'] as const)(
    'has nothing that axe finds, nor has the tree, %s',
    async (colorScheme) => {
      for (const path of [
        at,
        '/ui/memory',
        '/ui/memory?prefix=plan/',
        '/ui/memory?agent=writer&session=global',
      ]) {
        await using opened = await dashboard.open(path, { colorScheme });
        expect(await axeViolations(opened.page), path).toEqual([]);
      }
    },
  );
});
