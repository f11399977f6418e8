import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
let session: string;

beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

async function newSession(purpose: string): Promise<string> {
  return (await dashboard.api('POST', '/sessions', { purpose }))['session_id'] as string;
}

async function post(id: string, content: string, more: object = {}, agent?: string): Promise<number> {
  const path = `/sessions/${id}/messages`;
  return (await dashboard.api('POST', path, { content, ...more }, agent))['message_id'] as number;
}

/** Posts `count` messages; answers their ids. */
async function fill(id: string, count: number, first = 1): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => post(id, `message ${first + i}`)));
}

const ids = (page: Page): Promise<number[]> =>
  page.evaluate("[...document.querySelectorAll('#rows > li')].map((row) => Number(row.dataset.id))");
const atEnd = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollHeight - scrollY - innerHeight < 5');
const top = (page: Page, id: number): Promise<number> =>
  page.evaluate(`document.getElementById('m-${id}').getBoundingClientRect().top`);

/** The policy of the pages forbids what Playwright would wait with. */
const until = (page: Page, condition: string): Promise<void> =>
  expect.poll(() => page.evaluate(condition), { timeout: 10_000, interval: 20 }).toBe(true);

async function open(path: string, options = {}) {
  const opened = await dashboard.open(path, options);
  await opened.page.locator('#tail').waitFor({ state: 'visible' });
  return opened;
}

describe('a long session', () => {
  let all: number[];
  beforeAll(async () => {
    session = await newSession('a long one');
    all = (await fill(session, 700)).sort((a, b) => a - b);
  });

  it('shows its newest messages and stands at the end', async () => {
    await using opened = await open(`/ui/sessions/${session}`);
    expect(await ids(opened.page)).toEqual(all.slice(-100));
    expect(await atEnd(opened.page)).toBe(true);
  });

  it('loads older rows without moving what is in sight, and keeps at most 500', async () => {
    await using opened = await open(`/ui/sessions/${session}`);
    const { page } = opened;
    for (let round = 1; round <= 5; round++) {
      const before = (await ids(page))[0]!;
      await page.evaluate(`document.getElementById('m-${before}').scrollIntoView({ block: 'start' })`);
      await until(page, `Number(document.querySelector('#rows > li').dataset.id) < ${before}`);
      const where = await top(page, before);
      // Below the bar, where it was put.
      expect(Math.abs(where - 64)).toBeLessThan(2);
    }
    const shown = await ids(page);
    expect(shown).toHaveLength(500);
    expect(shown).toEqual(all.slice(100, 600));
    // And back, with nothing missing.
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await until(
      page,
      `Number(document.querySelector('#rows > li:last-child').dataset.id) === ${all.at(-1)!}`,
    );
    expect(await ids(page)).toEqual(all.slice(-500));
  });

  it('finds any message by its permalink, far back as well', async () => {
    const wanted = all[123]!;
    await using opened = await dashboard.open(`/ui/sessions/${session}#m-${wanted}`);
    const { page } = opened;
    const row = page.locator(`#m-${wanted}`);
    await row.waitFor();
    await until(
      page,
      `(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(document.getElementById('m-${wanted}').getBoundingClientRect())`,
    );
    const shown = await ids(page);
    expect(shown).toEqual(all.filter((id) => id >= shown[0]! && id <= shown.at(-1)!));
  });

  it('is readable without scripts', async () => {
    await using opened = await dashboard.open(`/ui/sessions/${session}`, { javaScriptEnabled: false });
    const { page } = opened;
    await page.getByRole('link', { name: 'Older messages' }).click();
    await page.locator(`#m-${all.at(-101)!}`).waitFor();
    await page.getByRole('link', { name: 'Newer messages' }).click();
    await page.locator(`#m-${all.at(-1)!}`).waitFor();
  });
});

describe('what is said', () => {
  beforeEach(async () => {
    session = await newSession('talk');
  });

  it('appears as it comes, and waits where one has scrolled up', async () => {
    await fill(session, 60);
    await using opened = await open(`/ui/sessions/${session}`);
    const { page } = opened;
    const first = await post(session, 'here I am');
    await page.locator(`#m-${first}`).waitFor();
    await until(page, 'document.documentElement.scrollHeight - scrollY - innerHeight < 5');

    await page.evaluate('scrollTo(0, 0)');
    await page.getByText('Paused: scrolled up').waitFor();
    await fill(session, 37, 100);
    const jump = page.getByRole('button', { name: '37 new' });
    await jump.waitFor();
    expect(await ids(page)).toHaveLength(61);
    await jump.click();
    await until(page, "document.querySelectorAll('#rows > li').length === 98");
    expect(await atEnd(page)).toBe(true);

    await page.getByRole('button', { name: 'Live' }).click();
    await page.getByText('Paused', { exact: true }).waitFor();
    const later = await post(session, 'not yet');
    await page.getByRole('button', { name: 'Paused' }).click();
    await page.locator(`#m-${later}`).waitFor();
  });

  it('is filtered by all that chips say, and an address says it again', async () => {
    const code = await post(session, 'look:\n```js\nlet a = 1;\n```', { message_type: 'finding' }, 'coder');
    await post(session, 'plain', {}, 'coder');
    await post(session, '```js\nlet b = 2;\n```', { visibility: 'private' }, 'other');
    await using opened = await open(`/ui/sessions/${session}`);
    const { page } = opened;
    await page.getByText('Filter', { exact: true }).first().click();
    await page.getByLabel('Has code').check();
    await page.waitForURL('**code=1**');
    await page.locator('select[name=agent]').selectOption('coder');
    await page.waitForURL('**agent=coder**');
    expect(await ids(page)).toEqual([code]);
    await using fresh = await open(new URL(page.url()).pathname + new URL(page.url()).search);
    expect(await ids(fresh.page)).toEqual([code]);
    // What comes live is filtered alike.
    await post(session, 'no code', {}, 'coder');
    const live = await post(session, '`code`', {}, 'coder');
    await fresh.page.locator(`#m-${live}`).waitFor();
    expect(await ids(fresh.page)).toEqual([code, live]);
    await fresh.page.getByRole('link', { name: 'Agent coder' }).click();
    await fresh.page.waitForURL((url) => !url.search.includes('agent'));
    expect(await ids(fresh.page)).toHaveLength(3);
    for (const [query, count] of [
      ['type=finding', 1],
      ['visibility=private', 1],
      ['since=2000-01-01T00:00&until=2000-01-02T00:00', 0],
      ['since=2000-01-01T00:00', 5],
    ] as const) {
      await fresh.page.goto(`${dashboard.url}/ui/sessions/${session}?${query}`);
      expect(await ids(fresh.page), query).toHaveLength(count);
    }
  });

  it('shows who answers whom, and leads there', async () => {
    const parent = await post(session, 'who?', { message_type: 'question' });
    await fill(session, 60);
    const reply = await post(session, 'me', { parent_message_id: parent }, 'other');
    await using opened = await open(`/ui/sessions/${session}`);
    const { page } = opened;
    const row = page.locator(`#m-${reply}`);
    const indent = (id: number) =>
      page.evaluate(`getComputedStyle(document.querySelector("#m-${id} .what")).marginInlineStart`);
    expect(await indent(reply)).not.toBe(await indent(parent));
    await row.getByRole('link', { name: 'reply to writer' }).click();
    await until(
      page,
      `(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(document.getElementById('m-${parent}').getBoundingClientRect())`,
    );
    await page.goto(`${dashboard.url}/ui/sessions/${session}?thread=${reply}`);
    expect(await ids(page)).toEqual([parent, reply]);
  });

  it('is folded when it is long, shown as written, and copied', async () => {
    const text = Array.from({ length: 60 }, (_, i) => `**line ${i}**`).join('\n');
    const id = await post(session, text);
    await using opened = await open(`/ui/sessions/${session}`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const { page } = opened;
    const row = page.locator(`#m-${id}`);
    const height = async () => (await row.boundingBox())!.height;
    const folded = await height();
    await row.getByText('Show all').click();
    expect(await height()).toBeGreaterThan(2 * folded);
    await row.hover();
    await row.getByRole('button', { name: 'Copy' }).click();
    await page.locator('#said', { hasText: 'Message copied' }).waitFor({ state: 'attached' });
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(text);
    await row.getByRole('link', { name: 'Raw' }).click();
    await row.locator('pre.raw', { hasText: '**line 7**' }).waitFor();
    const time = row.locator('time');
    expect(Date.parse((await time.getAttribute('datetime'))!)).not.toBeNaN();
    await row.locator('[data-copy-link]').click();
    await page.locator('#said', { hasText: 'Link copied' }).waitFor({ state: 'attached' });
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      `${dashboard.url}/ui/sessions/${session}#m-${id}`,
    );
  });

  it.each(['light', 'dark'] as const)('has nothing that axe finds, %s', async (colorScheme) => {
    for (const type of ['question', 'decision', 'finding', 'status'])
      await post(session, `# a ${type}\n\n\`code\` and\n\n\`\`\`js\nconst a = "b"; // c\n\`\`\``, {
        message_type: type,
        pinned: type === 'decision',
      });
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        post(session, 'hello', { visibility: 'agent_only' }, `agent-${i}`),
      ),
    );
    await using opened = await open(`/ui/sessions/${session}?type=&code=`, { colorScheme });
    expect(await axeViolations(opened.page)).toEqual([]);
  });
});
