/** Every text that a stranger can write, on every page that shows it: none of it runs, loads anything or breaks the policy. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { ADMIN_KEY, AGENT_KEY } from '../_util/test-hub.ts';
import { startDashboard, type OpenedPage, type TestDashboard } from './_util/dashboard.ts';
import { PAYLOADS } from './_util/xss.ts';

let dashboard: TestDashboard;
let opened: OpenedPage;
let main: string;
/** Sessions whose purpose is a payload. */
let purposes: readonly string[];

const OPERATOR = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
const TIMEOUT = { timeout: 120_000 };
/** Names of agents, keys and types are of these characters alone: what else somebody tries is refused, and told back. */
const NOT_A_NAME = /[^A-Za-z0-9._@-]/;

async function send(path: string, headers: Record<string, string>, body: unknown, method = 'POST') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return dashboard.hub.request(path, { method, headers, body: text });
}

/** Connects as a client that calls itself by payloads, and takes leases with them. */
async function connectAs(payload: string, at: number): Promise<void> {
  const rpc = { jsonrpc: '2.0', id: 1 };
  const headers = {
    ...{ authorization: `Bearer ${AGENT_KEY}`, 'content-type': 'application/json' },
    ...{ accept: 'application/json, text/event-stream', 'x-agent-id': `hostile-${at}` },
  };
  const clientInfo = { name: payload.slice(0, 100), version: payload.slice(0, 50), title: payload };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const opened = await send('/mcp/2025', headers, { ...rpc, method: 'initialize', params });
  const session = { ...headers, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const held = `of ${payload.replaceAll(/[\p{Cc}\p{Cf}]/gu, '')}`;
  const args = { resources: [held.slice(0, 200)], reason: held, ttl_seconds: 3600 };
  const call = { ...rpc, method: 'tools/call', params: { name: 'acquire_lease', arguments: args } };
  const answer = await send('/mcp/2025', session, call);
  expect(await answer.text()).toContain('granted');
}

beforeAll(async () => {
  dashboard = await startDashboard();
  main = String((await dashboard.api('POST', '/sessions', { purpose: 'main' }))['session_id']);
  const made: string[] = [];
  for (const [at, payload] of PAYLOADS.entries()) {
    const metadata = { content: payload, [payload]: payload };
    await dashboard.api('POST', `/sessions/${main}/messages`, { content: payload, metadata });
    const opened = await dashboard.api('POST', '/sessions', { purpose: payload, metadata }, `by-${at % 20}`);
    made.push(String(opened['session_id']));
    const key = payload.replaceAll(/\s/g, '').slice(0, 250);
    for (const value of [payload, { [payload]: payload }])
      await dashboard.api('PUT', `/memory/${encodeURIComponent(key)}`, { value, scope: 'shared', metadata });
    await dashboard.api('PUT', `/memory/${encodeURIComponent(`own-${key}`)}`, { value: payload });
    if (at % 2 === 0) await connectAs(payload, at);
  }
  purposes = made;
  // Imported senders are labels of any characters.
  const lines = PAYLOADS.filter((text) => text.length <= 100 && !/[\t\n\u202e]/.test(text)).map(
    (sender, at) =>
      JSON.stringify({
        ...{ id: `x${at} ${sender}`, session: PAYLOADS[at % PAYLOADS.length]!.slice(0, 90), sender },
        ...{ content: sender, timestamp: '2026-01-01T00:00:00Z', source: sender, parent: null, kind: sender },
      }),
  );
  const imported = await send('/api/v1/import', OPERATOR, lines.join('\n'));
  expect(imported.status, await imported.text()).toBe(200);
  // The log keeps what was tried: names in addresses, and what was searched for in exports.
  for (const payload of PAYLOADS.slice(0, 40)) {
    const query = new URLSearchParams({ query: payload }).toString();
    const headers = { ...OPERATOR, 'x-agent-id': payload.replaceAll(/[^\x20-\x7e]/g, '') };
    await (await dashboard.hub.request(`/api/v1/export?${query}`, { headers: OPERATOR })).text();
    await dashboard.hub.request('/api/v1/sessions', { headers });
  }
  opened = await dashboard.open('/ui/login');
  await opened.page.addInitScript('window.pwned = 0; window.pwn = () => { window.pwned++; };');
}, TIMEOUT.timeout);
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
  await dashboard[Symbol.asyncDispose]();
});

/** A page where whatever runs is noticed, and everything that could be pressed or pointed at is. */
async function provoke(path: string): Promise<void> {
  const { page } = opened;
  await page.goto(dashboard.url + path);
  await page.evaluate(`for (const element of document.querySelectorAll('main *')) {
    if (element instanceof HTMLDetailsElement) element.open = true;
    for (const type of ['mouseover', 'focus', 'toggle', 'error', 'load', 'animationstart'])
      element.dispatchEvent(new Event(type, { bubbles: true }));
  }`);
  expect(await page.evaluate('window.pwned'), path).toBe(0);
  expect(await foreign(page), path).toEqual([]);
  expect(opened.problems, path).toEqual([]);
}

/** What no page of the hub has. */
function foreign(page: Page): Promise<readonly string[]> {
  return page.evaluate(`[...document.querySelectorAll('*')].flatMap((element) => {
    const bad = [...element.attributes].filter(({ name, value }) =>
      /^on/.test(name) || (name === 'style' && element.closest('.plot') === null) ||
      (/^(href|src|action|formaction)$/.test(name) && !/^(https?:|mailto:|[/#?])/.test(value)));
    const stray = /^(script|iframe|object|embed|base|style|math|video|audio|marquee|svg|template|noscript)$/i
      .test(element.tagName) && !(element.tagName === 'SCRIPT' && element.src.includes('/ui/assets/'));
    const picture = element.tagName === 'IMG' && !element.src.includes('/ui/assets/');
    const form = element.tagName === 'FORM' && !element.action.startsWith(location.origin + '/ui/');
    return bad.length > 0 || stray || picture || form ? [element.outerHTML.slice(0, 200)] : [];
  })`);
}

/** Every page of a listing, to its end. */
async function provokeAll(path: string): Promise<void> {
  await provoke(path);
  for (let next = await nextOf(); next !== null; next = await nextOf())
    await provoke(new URL(path, dashboard.url).pathname + next);
}

async function nextOf(): Promise<string | null> {
  const links = opened.page.locator('main a[rel=next]');
  return (await links.count()) === 0 ? null : links.first().getAttribute('href');
}

it('has payloads enough', () => {
  expect(new Set(PAYLOADS).size).toBeGreaterThanOrEqual(200);
});

it('purposes and metadata of sessions', TIMEOUT, async () => {
  await provokeAll('/ui/sessions');
  // Titles, too.
  for (const id of purposes.filter((_, at) => at % 20 === 0)) {
    await provoke(`/ui/sessions/${id}`);
    expect(await opened.page.title()).toContain('Shared Context Hub');
  }
});

it('contents, senders and metadata of messages, formatted and raw', TIMEOUT, async () => {
  for (const view of ['', '&view=raw']) await provokeAll(`/ui/sessions/${main}?since=2000-01-01${view}`);
  const { sessions } = (await (
    await dashboard.hub.request('/api/v1/sessions?created_by=api@admin&limit=100', { headers: OPERATOR })
  ).json()) as { sessions: { session_id: string }[] };
  expect(sessions.length).toBeGreaterThan(50);
  for (const { session_id: id } of sessions.filter((_, at) => at % 20 === 0))
    await provoke(`/ui/sessions/${id}`);
});

it('keys and values of memory', TIMEOUT, async () => {
  await provokeAll('/ui/memory?q=pwn');
  await provokeAll('/ui/memory');
  await provoke('/ui/memory?agent=writer');
  const entries = await opened.page.request.get(`${dashboard.url}/ui/memory.json?q=pwn`);
  const { entries: found } = (await entries.json()) as { entries: { key: string }[] };
  expect(found.length).toBeGreaterThan(100);
  for (const { key } of found.filter((_, at) => at % 20 === 0))
    for (const page of ['entry', 'history'])
      await provoke(`/ui/memory/${page}?scope=shared&key=${encodeURIComponent(key)}`);
});

it('clients of agents, what they hold and why, and all that the log keeps', TIMEOUT, async () => {
  await provokeAll('/ui/agents');
  await provokeAll('/ui/agents?by=id');
  for (let at = 0; at < 100; at += 20) await provoke(`/ui/agents/hostile-${at}`);
  await provokeAll('/ui/leases');
  expect(await opened.page.content()).toContain('pwn()');
  await provokeAll('/ui/audit');
  for (const page of ['metrics', 'health', 'keys', 'connect']) await provoke(`/ui/${page}`);
});

it('names of keys and agents are refused, in words that run no more', TIMEOUT, async () => {
  opened.expectFailures();
  const { page } = opened;
  for (const payload of PAYLOADS.filter((_, at) => at % 50 === 0)) {
    const refused = await send('/api/v1/keys', OPERATOR, { name: payload.slice(0, 100) });
    expect([NOT_A_NAME.test(payload), refused.status]).toEqual([true, 400]);
    await page.goto(`${dashboard.url}/ui/keys`);
    await page.getByText('New key').click();
    const name = page.getByLabel('Name', { exact: true });
    await name.evaluate((field: { removeAttribute(name: string): void }) => field.removeAttribute('pattern'));
    await name.fill(payload.replaceAll(/\s/g, ' ').slice(0, 100));
    await page.getByRole('button', { name: 'Make the key' }).click();
    await page.getByText('Request').waitFor();
    expect(await page.evaluate('window.pwned')).toBe(0);
    expect(await foreign(page)).toEqual([]);
  }
});

/** Where the address says what is shown. */
const ADDRESSES: readonly ((text: string) => string)[] = [
  (text) => `sessions?q=${text}&agent=${text}`,
  (text) => `sessions?state=${text}&sort=${text}`,
  (text) => `sessions/${main}?agent=${text}`,
  (text) => `sessions/${main}?type=${text}`,
  (text) => `sessions/${text}`,
  (text) => `search?q=${text}&from=${text}&session=${text}`,
  (text) => `memory?q=${text}&prefix=${text}&session=global`,
  (text) => `memory?agent=${text}`,
  (text) => `memory/entry?scope=shared&key=${text}`,
  (text) => `memory/history?scope=shared&key=${text}&from=${text}`,
  (text) => `agents/${text}`,
  (text) => `leases?resource=${text}&holder=${text}`,
  (text) => `metrics?from=${text}`,
  (text) => `audit?agent_id=${text}&session_id=${text}`,
  (text) => `audit?event_type=${text}`,
  (text) => `keys?cursor=${text}`,
  (text) => `login?next=${text}`,
  (text) => text,
];

it('addresses, and what is searched for', TIMEOUT, async () => {
  opened.expectFailures();
  // All of them as text: what would have to be escaped is nowhere as it was sent.
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, accept: 'text/html' };
  const telling = PAYLOADS.filter((text) => /[<>"]/.test(text) && text.length <= 100);
  expect(telling.length).toBeGreaterThan(150);
  for (const [at, payload] of telling.entries()) {
    for (const address of ADDRESSES.filter((_, place) => place % 4 === at % 4)) {
      const path = `/ui/${address(encodeURIComponent(payload))}`;
      const text = await (await dashboard.hub.request(path, { headers })).text();
      expect(text.includes(payload), path).toBe(false);
    }
  }
  // And in the browser.
  for (const [at, payload] of PAYLOADS.filter((_, place) => place % 6 === 0).entries()) {
    const address = ADDRESSES[at % ADDRESSES.length]!;
    await provoke(`/ui/${address(encodeURIComponent(payload.slice(0, 100)))}`);
  }
});
