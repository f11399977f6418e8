import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { collectLog } from '../../tests/http/harness.ts';
import { configWithOrigins } from '../config/config.ts';
import { HubError, errorObject } from '../errors.ts';
import { listen } from '../http/server.ts';
import type { Listener } from '../http/server.ts';
import { writeRuntimeFile } from '../lib/runtime-file.ts';
import { hubClient } from './client.ts';

let dataDir: string;
let hub: Listener;
beforeEach(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'hub-client-'));
  hub = await listen(fakeHub(), { host: '127.0.0.1', port: 0, log: collectLog().log });
});
afterEach(async () => {
  await hub.close(0);
  rmSync(dataDir, { recursive: true });
});

/** Says who asked and what; `/fail/CODE` fails so. */
function fakeHub(): Hono {
  const app = new Hono();
  app.get('/health', (c) => c.json({ status: 'ok', version: '1', uptime_s: 1 }));
  app.get('/fail/:status/:code', (c) => {
    const body = {
      ...errorObject(new HubError('INVALID_INPUT', 'It went wrong.'), 'r', 0),
      code: c.req.param('code'),
    };
    return c.json(body, Number(c.req.param('status')) as 400);
  });
  app.get('/plain/:status', (c) => c.text('<html>', Number(c.req.param('status')) as 400));
  // Never says the rest.
  app.get('/slow/:status', (c) =>
    c.body(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{"a":')) }), {
      status: Number(c.req.param('status')) as 200,
    }),
  );
  app.get('/away', (c) => c.redirect('/echo'));
  app.all('/echo', async (c) =>
    c.json({
      method: c.req.method,
      key: c.req.header('authorization'),
      type: c.req.header('content-type'),
      query: c.req.query(),
      body: await c.req.text(),
    }),
  );
  return app;
}

function loaded(env: Record<string, string> = {}) {
  return configWithOrigins({ flags: {}, env, dotenv: null, dataDir, cwd: '/', terminal: false });
}

const KEPT = 'kept-admin-key-0123456789';
async function hubRunsHere(): Promise<void> {
  const runtime = { pid: 1, url: hub.url, version: '1', started_at: new Date(0).toISOString() };
  await writeRuntimeFile(path.join(dataDir, 'hub.json'), runtime);
  writeFileSync(path.join(dataDir, 'secrets.json'), JSON.stringify({ ADMIN_API_KEY: KEPT }));
}

const echoSchema = z.object({
  method: z.string(),
  key: z.string(),
  type: z.string().optional(),
  query: z.record(z.string(), z.string()),
  body: z.string(),
});

describe('finds the hub and the key', () => {
  it.each([
    ['in the data folder', {}, KEPT],
    [
      'with the key of the settings',
      { ADMIN_API_KEY: 'admin-key-of-the-settings-1' },
      'admin-key-of-the-settings-1',
    ],
    ['with HUB_API_KEY', { HUB_API_KEY: 'my-own', ADMIN_API_KEY: 'admin-key-of-the-settings-1' }, 'my-own'],
  ])('%s', async (_name, env, key) => {
    await hubRunsHere();
    const client = await hubClient(loaded(env));
    expect(client.url).toBe(hub.url);
    expect((await client.read(echoSchema, '/echo')).key).toBe(`Bearer ${key}`);
  });

  it('at HUB_URL, whatever runs here', async () => {
    const client = await hubClient(loaded({ HUB_URL: hub.url, HUB_API_KEY: 'k' }));
    expect((await client.read(echoSchema, '/echo')).key).toBe('Bearer k');
  });

  it('but gives the key of this machine to no other', async () => {
    await hubRunsHere();
    await expect(hubClient(loaded({ HUB_URL: 'https://hub.example.com' }))).rejects.toMatchObject({
      exitCode: 4,
      message: 'There is no key for the hub at https://hub.example.com; set HUB_API_KEY.',
    });
    expect((await hubClient(loaded({ HUB_URL: hub.url }))).url).toBe(hub.url);
  });

  it('or says that none runs', async () => {
    const expected = {
      exitCode: 5,
      message: `No hub runs on the data folder ${dataDir}; start one with "schub up", or set HUB_URL.`,
    };
    await expect(hubClient(loaded())).rejects.toMatchObject(expected);
    await hubRunsHere();
    await hub.close(0);
    await expect(hubClient(loaded())).rejects.toMatchObject(expected);
  });
});

/** When the head of an answer has come, and its body is read. */
async function arriving<T>(outcome: Promise<T>): Promise<{ readonly outcome: Promise<T> }> {
  outcome.catch(() => undefined);
  let hasHead = false;
  const onHead = (): void => {
    hasHead = true;
  };
  subscribe('undici:request:headers', onHead);
  await vi.waitUntil(() => hasHead);
  unsubscribe('undici:request:headers', onHead);
  return { outcome };
}

describe('speaks to it', () => {
  const client = () => hubClient(loaded({ HUB_URL: hub.url, HUB_API_KEY: 'k' }));

  it('with query, JSON and streams', async () => {
    const { read } = await client();
    const query = { a: 'x y&z', n: 5, b: true, none: undefined };
    expect((await read(echoSchema, '/echo', { query })).query).toEqual({ a: 'x y&z', n: '5', b: 'true' });
    expect(await read(echoSchema, '/echo', { json: { a: 1 } })).toMatchObject({
      method: 'POST',
      type: 'application/json',
      body: '{"a":1}',
    });
    const stream = new Blob(['{"a":1}\n', '{"a":2}\n']).stream();
    const contentType = 'application/x-ndjson';
    expect(await read(echoSchema, '/echo', { method: 'PUT', stream, contentType })).toMatchObject({
      method: 'PUT',
      type: contentType,
      body: '{"a":1}\n{"a":2}\n',
    });
  });

  it.each([
    ['/fail/404/SESSION_NOT_FOUND', 3],
    ['/fail/401/AUTHENTICATION_FAILED', 4],
    ['/fail/403/PERMISSION_DENIED', 4],
    ['/fail/400/INVALID_INPUT', 2],
    ['/fail/409/VERSION_MISMATCH', 1],
    ['/fail/503/STORE_UNAVAILABLE', 1],
    ['/fail/404/A_CODE_OF_THE_FUTURE', 3],
    ['/fail/418/toString', 1],
  ])('%s ends with %i', async (where, exitCode) => {
    const { send } = await client();
    await expect(send(where)).rejects.toMatchObject({
      exitCode,
      message: 'It went wrong.',
      answer: { success: false, code: where.split('/')[3] },
    });
  });

  it.each([
    ['/plain/404', 3, 'The hub answers with the HTTP status 404.'],
    ['/plain/502', 1, 'The hub answers with the HTTP status 502.'],
  ])('%s ends with %i', async (where, exitCode, message) => {
    await expect((await client()).send(where)).rejects.toMatchObject({ exitCode, message });
  });

  it('and does not follow it elsewhere', async () => {
    await expect((await client()).send('/away')).rejects.toMatchObject({ exitCode: 5 });
  });

  it('says when it answers strangely', async () => {
    await expect((await client()).read(z.object({ x: z.number() }), '/echo')).rejects.toMatchObject({
      exitCode: 1,
    });
  });

  it('says when it does not answer', async () => {
    const { send } = await client();
    await hub.close(0);
    await expect(send('/echo')).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(`^The hub at ${hub.url} does not answer: `) as string,
    });
  });

  it('can be interrupted', async () => {
    const { send } = await client();
    await expect(send('/echo', { signal: AbortSignal.abort() })).rejects.toMatchObject({ exitCode: 130 });
  });

  it.each([200, 503])('can be interrupted while an answer (%i) arrives', async (status) => {
    const { read } = await client();
    const interrupt = new AbortController();
    const answer = await arriving(read(z.unknown(), `/slow/${status}`, { signal: interrupt.signal }));
    interrupt.abort();
    await expect(answer.outcome).rejects.toMatchObject({ exitCode: 130 });
  });

  it('says when an answer breaks off', async () => {
    const { read } = await client();
    const answer = await arriving(read(z.unknown(), '/slow/200'));
    await hub.close(0);
    await expect(answer.outcome).rejects.toMatchObject({ exitCode: 5 });
  });
});
