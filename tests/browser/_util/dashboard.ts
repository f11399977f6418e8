/**
 * A hub that listens, and a browser that has logged in to it. A page that breaks its policy, says an error or asks anybody else
 * for anything fails the test that opened it.
 */
import { createServer, connect, type Socket } from 'node:net';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { listen } from '../../../src/http/server.ts';
import { createLogger } from '../../../src/telemetry/log.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../../_util/test-hub.ts';
import { launchBrowser } from './browser.ts';

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in it so far. */
  readonly problems: string[];
  /** Whether a failed request is part of the test. */
  expectFailures(): void;
}

export interface TestDashboard extends AsyncDisposable {
  readonly hub: TestHub;
  readonly url: string;
  readonly browser: Browser;
  /** A page of the operator at `path`; fails when it is disposed of if anything was wrong. */
  open(path: string, options?: BrowserContextOptions): Promise<OpenedPage>;
  /** The same without a login. */
  openStranger(path: string, options?: BrowserContextOptions): Promise<OpenedPage>;
  /** An address that logs in once. */
  loginUrl(): Promise<string>;
  /** Cuts all connections, and lets none in until `mend`. */
  cut(): void;
  mend(): void;
  /** Calls the API as an agent (by default `writer`). */
  api(method: string, path: string, body?: object, agent?: string): Promise<Record<string, unknown>>;
}

export async function startDashboard(
  hubOptions: Parameters<typeof startTestHub>[0] = {},
): Promise<TestDashboard> {
  const hub = await startTestHub(hubOptions);
  const log = createLogger({ level: 'silent', format: 'json' });
  const listener = await listen(hub.hub.app, { host: '127.0.0.1', port: 0, log });
  const front = await startFront(Number(new URL(listener.url).port));
  const url = front.url;
  hub.hub.announce(url);
  const browser = await launchBrowser();

  const loginUrl = async (): Promise<string> => {
    const response = await fetch(`${url}/api/v1/login-links`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: '{}',
    });
    return ((await response.json()) as { url: string }).url;
  };

  async function openIn(context: BrowserContext, path: string): Promise<OpenedPage> {
    const page = await context.newPage();
    const problems: string[] = [];
    let failuresExpected = false;
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && !(failuresExpected && /Failed to load resource|net::ERR/.test(text)))
        problems.push(`console: ${text}`);
    });
    page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${url}/`)) problems.push(`request elsewhere: ${request.url()}`);
    });
    await page.goto(url + path);
    return {
      page,
      context,
      problems,
      expectFailures() {
        failuresExpected = true;
      },
      async [Symbol.asyncDispose]() {
        await context.close();
        expect(problems).toEqual([]);
      },
    };
  }

  const first = await browser.newContext();
  const page = await first.newPage();
  await page.goto(await loginUrl());
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(`${url}/ui/sessions`);
  const storageState = await first.storageState();
  await first.close();

  return {
    ...{ hub, url, browser, loginUrl },
    open: async (path, options) => openIn(await browser.newContext({ storageState, ...options }), path),
    openStranger: async (path, options) => openIn(await browser.newContext(options), path),
    cut: () => front.cut(),
    mend: () => front.mend(),
    async api(method, path, body, agent = 'writer') {
      const response = await hub.request(`/api/v1${path}`, {
        method,
        headers: {
          ...{ authorization: `Bearer ${AGENT_KEY}`, 'content-type': 'application/json' },
          'x-agent-id': agent,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      if (!response.ok) throw new Error(JSON.stringify(answer));
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await front.close();
      hub.hub.endWaits();
      await listener.close(0);
      await hub[Symbol.asyncDispose]();
    },
  };
}

/** What stands between the browser and the hub, to be cut. */
async function startFront(port: number) {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const hub = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [client, hub],
      [hub, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut() {
      isCut = true;
      end();
    },
    mend() {
      isCut = false;
    },
    async close() {
      end();
      await new Promise((done) => server.close(done));
    },
  };
}
