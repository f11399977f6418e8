import type { Context } from 'hono';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { appWith, json } from '../../tests/http/harness.ts';
import { exemptFromLimits, limitTime, requestSignal } from './request-timeout.ts';
import { isImport, isStream } from './routes.ts';
import type { HubEnv } from './types.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function app(handler: (c: Context<HubEnv>) => Promise<Response>) {
  const exempt = (method: string, path: string): boolean => isStream(method, path) || isImport(method, path);
  return appWith(limitTime({ timeoutMs: 2_000, exempt })).all('*', handler);
}

async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
}

describe('limitTime', () => {
  it('answers a request that takes too long, and tells the work to stop', async () => {
    let reason: unknown;
    const running = app(async (c) => {
      const signal = requestSignal(c);
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      await pause(10_000);
      return c.text('late');
    }).request('/x');
    await vi.advanceTimersByTimeAsync(1_999);
    expect(reason).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    const response = await running;
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await json(response)).toMatchObject({
      code: 'OVERLOADED',
      error: 'The request took longer than 2 s.',
    });
    expect(reason).toMatchObject({ code: 'OVERLOADED' });
    await vi.advanceTimersByTimeAsync(20_000);
  });

  it('leaves no timer behind', async () => {
    const quick = app((c) => Promise.resolve(c.text('ok')));
    expect((await quick.request('/x')).status).toBe(200);
    const failing = app(() => Promise.reject(new Error('x')));
    expect((await failing.request('/x')).status).toBe(500);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['GET', '/mcp'],
    ['GET', '/mcp/2025'],
    ['POST', '/api/v1/import'],
  ])('spares %s %s', async (method, path) => {
    const running = app(async (c) => {
      await pause(100_000);
      return c.text('done');
    }).request(path, { method });
    await vi.advanceTimersByTimeAsync(100_000);
    expect((await running).status).toBe(200);
  });

  it('spares a wait that says so, but not another POST there', async () => {
    const waits = app(async (c) => {
      exemptFromLimits(c);
      await pause(50_000);
      return c.text('done');
    }).request('/mcp', { method: 'POST' });
    const works = app(async (c) => {
      await pause(50_000);
      return c.text('done');
    }).request('/mcp', { method: 'POST' });
    await vi.advanceTimersByTimeAsync(50_000);
    expect([(await waits).status, (await works).status]).toEqual([200, 503]);
  });

  it('gives the signal of the client where nothing limits the time', async () => {
    const client = new AbortController();
    let signal: AbortSignal | undefined;
    await app((c) => {
      signal = requestSignal(c);
      return Promise.resolve(c.text('ok'));
    }).request('/mcp', { signal: client.signal });
    client.abort();
    expect(signal?.aborted).toBe(true);
  });
});
