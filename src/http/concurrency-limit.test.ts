import { describe, expect, it } from 'vitest';
import { appWith, json } from '../../tests/http/harness.ts';
import { limitConcurrency } from './concurrency-limit.ts';
import { exemptFromLimits } from './request-timeout.ts';
import { isStream } from './routes.ts';

function held(max: number, waitMs = 0) {
  const gate = Promise.withResolvers<undefined>();
  const app = appWith(limitConcurrency({ max, exempt: isStream, waitMs }));
  app.get('/held', async (c) => {
    await gate.promise;
    return c.text('done');
  });
  app.post('/waits', async (c) => {
    exemptFromLimits(c);
    await gate.promise;
    return c.text('done');
  });
  app.get('/mcp', async (c) => {
    await gate.promise;
    return c.text('done');
  });
  app.post('/was-a-wait', (c) => {
    exemptFromLimits(c);
    return c.text('done');
  });
  app.get('/fails', () => {
    throw new Error('x');
  });
  app.get('/quick', (c) => c.text('ok'));
  return {
    app,
    open: () => {
      gate.resolve(undefined);
    },
  };
}

describe('limitConcurrency', () => {
  it('refuses what is too much, and takes it again afterwards', async () => {
    const { app, open } = held(2);
    const running = [app.request('/held'), app.request('/held')];
    const refused = await app.request('/quick');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await json(refused)).toMatchObject({ code: 'OVERLOADED', number: 'LIMIT_003', retry_after: 1 });
    open();
    for (const response of await Promise.all(running)) expect(response.status).toBe(200);
    expect((await app.request('/quick')).status).toBe(200);
  });

  it('lets a burst wait its turn, in order', async () => {
    const { app, open } = held(2, 60_000);
    const burst = Array.from({ length: 10 }, async () => app.request('/held'));
    open();
    for (const response of await Promise.all(burst)) expect(response.status).toBe(200);
    expect((await app.request('/quick')).status).toBe(200);
  });

  it('refuses at once when too many wait already', async () => {
    const { app, open } = held(1, 60_000);
    const burst = Array.from({ length: 9 }, async () => app.request('/held'));
    expect((await app.request('/quick')).status).toBe(503);
    open();
    for (const response of await Promise.all(burst)) expect(response.status).toBe(200);
  });

  it('frees the place of a request that fails', async () => {
    const { app } = held(1);
    for (let i = 0; i < 5; i++) expect((await app.request('/fails')).status).toBe(500);
    expect((await app.request('/quick')).status).toBe(200);
  });

  it.each([
    ['a stream', '/mcp', 'GET'],
    ['a wait that says so', '/waits', 'POST'],
  ])('does not count %s', async (_name, path, method) => {
    const { app, open } = held(1);
    const running = [
      app.request(path, { method }),
      app.request(path, { method }),
      app.request(path, { method }),
    ];
    expect((await app.request('/quick')).status).toBe(200);
    open();
    for (const response of await Promise.all(running)) expect(response.status).toBe(200);
    const one = app.request('/held');
    expect((await one).status).toBe(200);
    expect((await app.request('/quick')).status).toBe(200);
  });

  it('gives one place back only once', async () => {
    const { app, open } = held(1);
    for (let i = 0; i < 3; i++)
      expect((await app.request('/was-a-wait', { method: 'POST' })).status).toBe(200);
    const running = app.request('/held');
    expect((await app.request('/quick')).status).toBe(503);
    open();
    expect((await running).status).toBe(200);
  });
});
