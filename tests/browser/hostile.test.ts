import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { ADMIN_KEY } from '../_util/test-hub.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';
import { PAYLOADS } from './_util/xss.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

/** A page where whatever runs is noticed, and everything that could be pressed or pointed at is. */
async function provoke(page: Page, path: string): Promise<void> {
  await page.goto(dashboard.url + path);
  await page.evaluate(`for (const element of document.querySelectorAll('main *')) {
    for (const type of ['mouseover', 'focus', 'toggle', 'error', 'load'])
      element.dispatchEvent(new Event(type, { bubbles: true }));
  }`);
  expect(await page.evaluate('window.pwned'), path).toBe(0);
  expect(await foreign(page), path).toEqual([]);
}

/** What no page of the hub has. */
function foreign(page: Page): Promise<readonly string[]> {
  return page.evaluate(`[...document.querySelectorAll('*')].flatMap((element) => {
    const bad = [...element.attributes].filter(({ name, value }) =>
      /^on/.test(name) || name === 'style' || (/^(href|src|action|formaction)$/.test(name) &&
        !/^(https?:|mailto:|[/#?])/.test(value)));
    const tags = /^(script|link|meta|title|html|head|body|img)$/i;
    const stray = /^(script|iframe|object|embed|base|style|math|form)$/i.test(element.tagName) &&
      element.closest('.md, .agent, td, h1') !== null;
    const picture = element.tagName === 'IMG' && !element.src.includes('/ui/assets/');
    return bad.length > 0 || stray || (picture && tags.test(element.tagName)) ? [element.outerHTML.slice(0, 200)] : [];
  })`);
}

it('has payloads enough', () => {
  expect(new Set(PAYLOADS).size).toBeGreaterThanOrEqual(200);
});

it('shows whatever agents write, and runs none of it', { timeout: 120_000 }, async () => {
  const { session_id: id } = await dashboard.api('POST', '/sessions', {
    purpose: PAYLOADS.slice(0, 40).join(' ').slice(0, 2000),
  });
  for (const content of PAYLOADS)
    await dashboard.api('POST', `/sessions/${String(id)}/messages`, { content, metadata: { content } });
  // Imported senders are labels of any characters.
  const lines = PAYLOADS.filter((text) => text.length <= 100 && !/[\t\n\u202e]/.test(text)).map(
    (sender, at) =>
      JSON.stringify({
        id: `x${at}`,
        session: PAYLOADS[at % PAYLOADS.length]!.slice(0, 90),
        sender,
        content: sender,
        timestamp: '2026-01-01T00:00:00Z',
        source: 'test',
        parent: null,
      }),
  );
  const imported = await dashboard.hub.request('/api/v1/import', {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  expect(imported.status, await imported.text()).toBe(200);
  const { sessions } = (await (
    await dashboard.hub.request('/api/v1/sessions?limit=100', {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    })
  ).json()) as { sessions: { session_id: string; message_count: number }[] };
  expect(sessions.length).toBeGreaterThan(50);

  await using opened = await dashboard.open('/ui/login');
  const { page } = opened;
  await page.addInitScript('window.pwned = 0; window.pwn = () => { window.pwned++; };');
  const provoked = (path: string): Promise<void> => provoke(page, path);
  await provoked('/ui/sessions');
  await provoked('/ui/sessions?cursor=&state=active');
  await provoked(`/ui/sessions/${String(id)}`);
  const first = `/ui/sessions/${String(id)}?since=2000-01-01`;
  await provoked(first);
  await provoked(`${first}&view=raw`);
  for (const { session_id: one } of sessions.slice(0, 5)) await provoked(`/ui/sessions/${one}`);
  for (const payload of PAYLOADS.slice(0, 200).filter((_, at) => at % 20 === 0)) {
    const text = encodeURIComponent(payload);
    for (const path of [
      `/ui/sessions?q=${text}`,
      `/ui/sessions?agent=${text}`,
      `/ui/sessions/${String(id)}?agent=${text}`,
    ])
      await provoked(path);
  }
});
