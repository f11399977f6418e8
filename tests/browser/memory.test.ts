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

  it('has a history, which tells who changed what, without scripts as well', async () => {
    const path = '/ui/memory/entry?key=grown&scope=shared';
    await set('grown', { goal: 'ship', steps: ['plan', 'build'] });
    await set('grown', { goal: 'ship', steps: ['plan', 'test', 'build'] }, {}, 'tester');
    await set('grown', 'first line\nsecond line\n<b>third</b> line');
    await set('grown', 'first line\n2nd line\n<b>third</b> line', {}, 'editor');
    await using opened = await dashboard.open(path, { javaScriptEnabled: false });
    const { page } = opened;
    await page.getByRole('link', { name: 'History' }).click();
    // The newest and the one before it, texts by their lines.
    await page.getByRole('heading', { name: 'From version 3 to version 4' }).waitFor();
    const rows = await page.locator('.versions tbody tr').allInnerTexts();
    expect(rows.map((row) => row.replace(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/^Version 4 editor 41 B now$/),
      expect.stringMatching(/^Version 3 writer .* now$/),
      expect.stringMatching(/^Version 2 tester .* now$/),
      expect.stringMatching(/^Version 1 writer .* now$/),
    ]);
    await page.getByText('1 line removed, 1 line added.').waitFor();
    const said = (role: 'insertion' | 'deletion') => page.getByRole(role).allInnerTexts();
    expect(await said('deletion')).toEqual([expect.stringMatching(/^−\s*Removed:\s*second line$/)]);
    expect(await said('insertion')).toEqual([expect.stringMatching(/^\+\s*Added:\s*2nd line$/)]);
    await page.locator('.diff').getByText('<b>third</b> line').waitFor();
    const colour = (tag: string): Promise<string> =>
      page.evaluate(`getComputedStyle(document.querySelector('.diff > ${tag}')).backgroundColor`);
    expect(new Set([await colour('ins'), await colour('del'), await colour('span')]).size).toBe(3);

    // Another version with the one before it: JSON by the lines of its indented form.
    await page.getByRole('link', { name: 'Version 2' }).click();
    await page.getByRole('heading', { name: 'From version 1 to version 2' }).waitFor();
    expect(await said('deletion')).toEqual([]);
    expect(await said('insertion')).toEqual([expect.stringContaining('"test",')]);
    await page.getByRole('link', { name: 'Version 1' }).click();
    await page.getByText('No older version is kept.').waitFor();
    await page.goBack();
    // Any two.
    await page.getByRole('combobox', { name: 'From' }).selectOption('Version 1');
    await page.getByRole('combobox', { name: 'To' }).selectOption('Version 4');
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('heading', { name: 'From version 1 to version 4' }).waitFor();
    await page.getByText('7 lines removed, 1 line added.').waitFor();
    const twin = await page.request.get(page.url().replace('/history?', '/history.json?'));
    expect(await twin.json()).toMatchObject({
      entry: { key: 'grown', version: 4 },
      versions: [{ version: 4 }, { version: 3 }, { version: 2 }, { version: 1 }],
      compared: { from: { version: 1, value: { goal: 'ship' } }, to: { version: 4 } },
    });

    await set('single', 1);
    await page.goto(`${dashboard.url}/ui/memory/history?key=single&scope=shared`);
    await page.getByText('No older version is kept.').waitFor();
    opened.expectFailures();
    for (const [query, status] of [
      ['key=grown&scope=shared&from=9&to=4', 404],
      ['key=grown&scope=shared&from=x', 400],
      ['key=mine&scope=agent', 404],
    ] as const)
      expect((await page.goto(`${dashboard.url}/ui/memory/history?${query}`))?.status(), query).toBe(status);
  });

  it('shows values that differ in everything, as far as a page holds', async () => {
    const lines = (word: string) => Array.from({ length: 3000 }, (_, i) => `${word} ${i}`).join('\n');
    await set('large', lines('old'));
    await set('large', lines('new'));
    await using opened = await dashboard.open('/ui/memory/history?key=large&scope=shared');
    const { page } = opened;
    await page.getByText('3,000 lines removed, 3,000 lines added.').waitFor();
    await page.getByText('4,000 more lines are not shown.').waitFor();
    expect(await page.getByRole('deletion').count()).toBe(2000);
  });

  it.each(['light', 'dark'] as const)('has a history in which axe finds nothing, %s', async (colorScheme) => {
    for (const value of ['one\ntwo\nthree', 'one\n2\nthree']) await set('compared', value);
    const viewport = { width: 320, height: 640 };
    await using opened = await dashboard.open('/ui/memory/history?key=compared&scope=shared', {
      ...{ colorScheme, viewport },
    });
    const { page } = opened;
    await page.getByRole('insertion').waitFor();
    await page.locator('.versions').getByText('writer').first().waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
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
