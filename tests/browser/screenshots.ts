/**
 * Pictures of every page, with things on it: `node scripts/run.mjs tests/browser/screenshots.ts FOLDER [--data FILE.jsonl]`.
 * Without more, one of each page at 1280 pixels, as `docs/dashboard.md` shows them; with `--all` in both themes and at 320,
 * 1280 and 2560 pixels, to be looked at. `--data` imports a file, `--only NAME` takes one page.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { listen } from '../../src/http/server.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { ADMIN_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { launchBrowser } from './_util/browser.ts';
import { furnish } from './_util/furnish.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    data: { type: 'string' },
    only: { type: 'string' },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new Error('Name the folder for the pictures.');

const THEMES = values.all ? (['light', 'dark'] as const) : (['light'] as const);
const WIDTHS = values.all ? [320, 1280, 2560] : [1280];
const HEIGHTS: Readonly<Record<number, number>> = { 320: 1200, 1280: 800, 2560: 1300 };

const OPERATOR = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };

async function importData(hub: TestHub, file: string): Promise<void> {
  const body = readFileSync(file);
  const answer = await hub.request('/api/v1/import', { method: 'POST', headers: OPERATOR, body });
  if (!answer.ok) throw new Error(await answer.text());
}

interface Shot {
  readonly name: string;
  readonly path: string;
  /** What is done on it before. */
  readonly act?: (page: Page) => Promise<void>;
}

async function take(browser: Browser, url: string, login: () => Promise<string>, shots: readonly Shot[]) {
  for (const colorScheme of THEMES) {
    for (const width of WIDTHS) {
      const viewport = { width, height: HEIGHTS[width] ?? 800 };
      const context = await browser.newContext({ colorScheme, viewport });
      const page = await context.newPage();
      const take = async (name: string): Promise<void> => {
        const end = values.all ? `-${width}-${colorScheme}` : '';
        await page.screenshot({ path: join(folder!, `${name}${end}.png`) });
      };
      await page.goto(`${url}/ui/login`);
      await take('login');
      await page.goto(await login());
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.waitForURL(`${url}/ui/sessions`);
      for (const { name, path, act } of shots) {
        if (values.only !== undefined && values.only !== name) continue;
        await page.goto(url + path);
        await page.locator('main').waitFor();
        await act?.(page);
        await take(name);
      }
      await context.close();
    }
  }
}

mkdirSync(folder, { recursive: true });
const hub = await startTestHub();
const listener = await listen(hub.hub.app, {
  ...{ host: '127.0.0.1', port: 0 },
  log: createLogger({ level: 'silent', format: 'json' }),
});
hub.hub.announce(listener.url);
const browser = await launchBrowser();
try {
  if (values.data !== undefined) await importData(hub, values.data);
  const { session, entry, agent } = await furnish(hub);
  const login = async (): Promise<string> => {
    const answer = await hub.request('/api/v1/login-links', {
      method: 'POST',
      headers: OPERATOR,
      body: '{}',
    });
    return ((await answer.json()) as { url: string }).url;
  };
  await take(browser, listener.url, login, [
    { name: 'sessions', path: '/ui/sessions' },
    { name: 'timeline', path: `/ui/sessions/${session}` },
    { name: 'search', path: '/ui/search?q=tokenizer' },
    { name: 'memory', path: '/ui/memory' },
    { name: 'memory-entry', path: entry },
    { name: 'agents', path: '/ui/agents' },
    { name: 'agent', path: `/ui/agents/${agent}` },
    { name: 'leases', path: '/ui/leases' },
    {
      ...{ name: 'metrics', path: '/ui/metrics?last=15' },
      act: (page) => page.locator('canvas').first().waitFor(),
    },
    { name: 'health', path: '/ui/health' },
    { name: 'audit', path: '/ui/audit' },
    { name: 'keys', path: '/ui/keys' },
    { name: 'connect', path: '/ui/connect' },
    ...(values.all
      ? [
          { name: 'search-help', path: '/ui/search' },
          { name: 'not-found', path: '/ui/sessions/nothing' },
        ]
      : []),
  ]);
} finally {
  await browser.close();
  hub.hub.endWaits();
  await listener.close(0);
  await hub[Symbol.asyncDispose]();
}
