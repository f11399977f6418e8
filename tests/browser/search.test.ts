import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { ADMIN_KEY } from '../_util/test-hub.ts';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
let session: string;
let secret: number;
let wanted: number;

beforeAll(async () => {
  dashboard = await startDashboard();
  session = (await dashboard.api('POST', '/sessions', { purpose: 'the parser' }))['session_id'] as string;
  wanted = await post('the tokenizer loses a semicolon', { message_type: 'finding' }, 'reviewer');
  secret = await post('the tokenizer key is hidden', { visibility: 'private' }, 'coder');
  for (let i = 0; i < 120; i++) await post(`filler ${i} about something else`);
  await dashboard.api('PUT', '/memory/parser%2Ftokenizer', { value: 'hand written', scope: 'shared' });
});
afterAll(() => dashboard[Symbol.asyncDispose]());

async function post(content: string, more: object = {}, agent?: string): Promise<number> {
  const path = `/sessions/${session}/messages`;
  return (await dashboard.api('POST', path, { content, ...more }, agent))['message_id'] as number;
}

const hits = (page: Page, name = 'Messages'): Promise<string[]> =>
  page.getByRole('region', { name }).locator('a.row').allTextContents();

describe('the search', () => {
  it('is asked in the bar of every page, and a hit opens where it was said', async () => {
    await using opened = await dashboard.open('/ui/sessions');
    const { page } = opened;
    await page.getByLabel('Search everything').fill('semicolon');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/ui/search?q=semicolon');
    await page.locator('mark', { hasText: 'semicolon' }).waitFor();
    await page.getByRole('link', { name: 'the tokenizer loses' }).click();
    await page.waitForURL(`**/ui/sessions/${session}?at=${wanted}#m-${wanted}`);
    const row = page.locator(`#m-${wanted}`);
    await row.waitFor();
    await expect.poll(() => row.evaluate((one) => one.matches(':target'))).toBe(true);
  });

  it('finds messages and memory, with typing errors', async () => {
    await using opened = await dashboard.open('/ui/search?q=tokenzier');
    const { page } = opened;
    expect(await hits(page)).toHaveLength(2);
    await page.getByText('tokenizer finds').waitFor();
    await page
      .getByRole('region', { name: 'Memory' })
      .getByRole('link', { name: 'parser/tokenizer' })
      .first()
      .waitFor();
  });

  it.each([
    ['q=tokenizer+-hidden', [() => wanted]],
    ['q=from:coder', [() => secret]],
    ['from=coder', [() => secret]],
    ['q=tokenizer+visibility:private', [() => secret]],
    ['visibility=private', [() => secret]],
    ['q=tokenizer&type=finding', [() => wanted]],
    ['q=%22loses+a+semicolon%22', [() => wanted]],
    ['q=tokenizer&before=2001-01-01', []],
    ['q=tokenizer&session=session_0', []],
  ])('keeps to %s', async (query, ids) => {
    await using opened = await dashboard.open(`/ui/search?${query}`);
    const links = await opened.page.locator('.hits a.row[href*="#m-"]').all();
    const found = await Promise.all(
      links.map(async (link) => (await link.getAttribute('href'))?.split('#m-')[1]),
    );
    expect(found).toEqual(ids.map((id) => String(id())));
  });

  it('shows what is typed at once, and says it in the address', async () => {
    await using opened = await dashboard.open('/ui/search');
    const { page } = opened;
    await page.getByRole('link', { name: 'from:reviewer type:decision' }).waitFor();
    await page.getByLabel('Messages and memory').pressSequentially('semicolon');
    await page.getByRole('link', { name: 'the tokenizer loses' }).waitFor();
    await page.waitForURL('**/ui/search?q=semicolon');
    await using fresh = await dashboard.open(new URL(page.url()).pathname + new URL(page.url()).search);
    expect(await hits(fresh.page)).toEqual(await hits(page));
  });

  it('goes on by pages, and works without scripts', async () => {
    await using opened = await dashboard.open('/ui/search?q=filler', { javaScriptEnabled: false });
    const { page } = opened;
    const seen = new Set(await hits(page));
    for (let pages = 1; pages < 4; pages++) {
      await page.getByRole('link', { name: 'More', exact: true }).click();
      for (const hit of await hits(page)) seen.add(hit);
    }
    expect(seen.size).toBe(120);
    await page.getByLabel('Messages and memory').fill('nothing-has-this-word');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('Nothing was found').waitFor();
  });

  it('is exported with its filters', async () => {
    await using opened = await dashboard.open('/ui/search?q=tokenizer&type=finding');
    const { page } = opened;
    for (const [name, start] of [
      ['JSONL', '{'],
      ['CSV', 'session_id,'],
      ['Markdown', '#'],
    ] as const) {
      const coming = page.waitForEvent('download');
      await page.getByRole('link', { name, exact: true }).click();
      const stream = await (await coming).createReadStream();
      const text = Buffer.concat(await stream.toArray()).toString();
      expect(text.replace('\uFEFF', '').startsWith(start), text.slice(0, 40)).toBe(true);
      expect(text).toContain('semicolon');
      expect(text).not.toContain('hidden');
    }
  });

  it('says which value is wrong', async () => {
    const answer = await dashboard.open('/ui/sessions');
    await using opened = answer;
    opened.expectFailures();
    await opened.page.goto(`${dashboard.url}/ui/search?q=x&cursor=nonsense`);
    await opened.page.getByRole('heading', { name: 'cursor is not one of this listing' }).waitFor();
  });

  it('leaves its trace where it shows what is hidden from others', async () => {
    await using opened = await dashboard.open('/ui/search?q=hidden');
    expect(await hits(opened.page)).toHaveLength(1);
    const actions = async () => {
      const answer = await dashboard.hub.request('/api/v1/audit?event_type=admin.read', {
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
      });
      const { entries } = (await answer.json()) as { entries: { action: string }[] };
      return entries.map(({ action }) => action);
    };
    await expect.poll(actions).toContain('GET /ui/search');
  });

  it.each(['light', 'dark'] as const)('has nothing that axe finds, %s', async (colorScheme) => {
    for (const query of ['?q=tokenizer&type=finding', '', '?q=nothing-has-this-word']) {
      await using opened = await dashboard.open(`/ui/search${query}`, { colorScheme });
      expect(await axeViolations(opened.page)).toEqual([]);
    }
  });
});
