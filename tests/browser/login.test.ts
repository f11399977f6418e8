import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, AGENT_KEY } from '../_util/test-hub.ts';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

describe('the login', () => {
  it('sends strangers to the form and lets the admin key in, to where they were going', async () => {
    await using opened = await dashboard.openStranger('/ui/sessions?state=closed');
    const { page, context } = opened;
    expect(new URL(page.url()).pathname).toBe('/ui/login');
    await page.getByLabel('paste the admin key').fill(ADMIN_KEY);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL('**/ui/sessions?state=closed');
    const cookies = await context.cookies();
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict', path: '/' }]);
    expect(cookies[0]?.value).not.toContain(ADMIN_KEY);
    // Scripts of the page do not see it.
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it('refuses what is no admin key, in words', async () => {
    await using opened = await dashboard.openStranger('/ui/login');
    const { page } = opened;
    opened.expectFailures();
    for (const [key, words] of [
      ['schk_nonsense', 'no key of this hub'],
      [AGENT_KEY, 'for operators'],
    ] as const) {
      await page.getByLabel('paste the admin key').fill(key);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('alert').filter({ hasText: words }).waitFor();
    }
    expect(await opened.context.cookies()).toEqual([]);
  });

  it('by link is good once, and looking at the link does not use it up', async () => {
    const link = new URL(await dashboard.loginUrl()).pathname;
    await fetch(dashboard.url + link);
    await using opened = await dashboard.openStranger(link);
    await opened.page.getByRole('button', { name: 'Log in' }).click();
    await opened.page.waitForURL('**/ui/sessions');
    expect(opened.page.url()).not.toContain('scc_');
    await using late = await dashboard.openStranger('/ui/login');
    late.expectFailures();
    expect((await late.page.goto(dashboard.url + link))?.status()).toBe(410);
    await late.page.getByRole('heading', { name: 'This link is over' }).waitFor();
  });

  it('ends with a logout', async () => {
    const link = new URL(await dashboard.loginUrl()).pathname;
    await using opened = await dashboard.openStranger(link);
    const { page, context } = opened;
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL('**/ui/sessions');
    const [cookie] = await context.cookies();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL('**/ui/login');
    expect(await context.cookies()).toEqual([]);
    // Nor is a copy of the cookie good any more.
    const answer = await fetch(`${dashboard.url}/ui/sessions.json`, {
      headers: { cookie: `${cookie!.name}=${cookie!.value}` },
    });
    expect(answer.status).toBe(401);
  });

  it.each(['light', 'dark'] as const)('has nothing that axe finds, %s', async (colorScheme) => {
    await using opened = await dashboard.openStranger('/ui/login', { colorScheme });
    expect(await axeViolations(opened.page)).toEqual([]);
  });
});
