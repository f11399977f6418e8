/** The live tail of a timeline over connections that break. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

const PER_SECOND = 50;
const CUT_MS = 5000;
const MAX_ROWS = 500;

let dashboard: TestDashboard;
let session: string;

beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());
beforeEach(async () => {
  session = (await dashboard.api('POST', '/sessions', { purpose: 'a tail' }))['session_id'] as string;
});

async function post(content: string): Promise<number> {
  return (await dashboard.api('POST', `/sessions/${session}/messages`, { content }))['message_id'] as number;
}

/** Messages at a steady rate, however long each takes; one that is late catches up. Answers their ids. */
async function postSteadily(count: number): Promise<number[]> {
  const started = performance.now();
  const posted: Promise<number>[] = [];
  for (let i = 0; i < count; i++) {
    const wait = started + (i * 1000) / PER_SECOND - performance.now();
    if (wait > 0) await delay(wait);
    posted.push(post(`message ${i}`));
  }
  return Promise.all(posted);
}

/** Opens the timeline, and has it note which rows are added, in order, and how often rows are asked for. */
async function openTail() {
  const opened = await dashboard.open(`/ui/sessions/${session}`);
  const { page } = opened;
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate(`
    window.added = [];
    new MutationObserver((records) => {
      for (const { addedNodes } of records)
        for (const { dataset } of addedNodes) if (dataset?.id) added.push(Number(dataset.id));
    }).observe(document.getElementById('rows'), { childList: true })`);
  let asked = 0;
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.endsWith('/rows')) asked++;
  });
  return { opened, page, asked: () => asked };
}

const ids = (page: Page): Promise<number[]> =>
  page.evaluate("[...document.querySelectorAll('#rows > li')].map((row) => Number(row.dataset.id))");
const lastIs = (page: Page, id: number): Promise<void> =>
  expect
    .poll(() => page.evaluate("Number(document.querySelector('#rows > li:last-child')?.dataset.id)"), {
      timeout: 20_000,
    })
    .toBe(id);
const lost = (page: Page): Promise<void> => page.getByText('Reconnecting …').waitFor();

it(`loses and doubles nothing where it is cut for ${CUT_MS} ms at ${PER_SECOND} messages a second`, async () => {
  const { opened, page } = await openTail();
  await using _ = opened;
  opened.expectFailures();
  const before = await postSteadily(1.5 * PER_SECOND);
  await lastIs(page, Math.max(...before));
  dashboard.cut();
  const posting = postSteadily((CUT_MS / 1000 + 1.5) * PER_SECOND);
  await Promise.all([delay(CUT_MS), lost(page)]);
  expect(await ids(page)).toEqual(before.toSorted((a, b) => a - b));
  dashboard.mend();
  const all = [...before, ...(await posting)].sort((a, b) => a - b);
  await lastIs(page, all.at(-1)!);
  // What came while it was cut is told although nothing comes after it.
  dashboard.cut();
  await lost(page);
  all.push(await post('the last one'));
  dashboard.mend();
  await lastIs(page, all.at(-1)!);
  expect(await ids(page)).toEqual(all);
  expect(await page.evaluate('added')).toEqual(all);
});

it('goes on at the end where more has come than the page holds, and the rest is above', async () => {
  const first = await post('first');
  const { opened, page, asked } = await openTail();
  await using _ = opened;
  opened.expectFailures();
  dashboard.cut();
  await lost(page);
  const missed: number[] = [];
  for (let i = 0; i < 5 * MAX_ROWS; i += 100)
    missed.push(...(await Promise.all(Array.from({ length: 100 }, (_, at) => post(`message ${i + at}`)))));
  const all = [first, ...missed].sort((a, b) => a - b);
  dashboard.mend();
  await lastIs(page, all.at(-1)!);
  const shown = await ids(page);
  expect(shown).toEqual(all.slice(-shown.length));
  // Not page after page of what nobody could see.
  expect(asked()).toBeLessThan((3 * MAX_ROWS) / 100);
  const scrolledUp = async (): Promise<number> => {
    await page.evaluate('scrollTo(0, 0)');
    return (await ids(page)).length;
  };
  await expect.poll(scrolledUp).toBeGreaterThan(shown.length);
  const more = await ids(page);
  expect(more).toEqual(all.slice(-more.length));
});
