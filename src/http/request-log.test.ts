import { describe, expect, it } from 'vitest';
import { appWith, collectLog } from '../../tests/http/harness.ts';
import { requestLog } from './request-log.ts';

function logged() {
  const { log, lines, text } = collectLog();
  const ticks = [0, 12.34];
  const app = appWith(requestLog({ log, clock: () => ticks.shift() ?? 0 }));
  return { app, lines, text };
}

describe('requestLog', () => {
  it('says method, path, status, time, request and caller', async () => {
    const { app, lines } = logged();
    app.get('/api/v1/x', (c) => {
      c.set('principal', { keyId: 'key_1', agentId: 'a' });
      return c.text('ok', 201);
    });
    const response = await app.request('/api/v1/x');
    expect(lines()).toMatchObject([
      {
        level: 30,
        method: 'GET',
        path: '/api/v1/x',
        status: 201,
        ms: 12.3,
        request_id: response.headers.get('x-request-id'),
        key_id: 'key_1',
        agent_id: 'a',
      },
    ]);
  });

  it('never says what stands in query, headers or body', async () => {
    const { app, text } = logged();
    app.post('/x', async (c) => c.text(await c.req.text()));
    await app.request('/x?token=canary1', {
      method: 'POST',
      body: 'canary2',
      headers: { Authorization: 'Bearer canary3', 'X-API-Key': 'canary4', Cookie: 'canary5' },
    });
    expect(text()).toContain('"path":"/x"');
    expect(text()).not.toContain('canary');
  });

  it.each([
    ['/health', 200, 20],
    ['/health/ready', 200, 20],
    ['/other', 404, 30],
    ['/other', 503, 40],
    ['/health/ready', 503, 40],
  ])('logs %s with status %i at level %i', async (path, status, level) => {
    const { app, lines } = logged();
    app.get(path, () => new Response(null, { status }));
    await app.request(path);
    expect(lines()).toMatchObject([{ level, status }]);
  });

  it('cuts a long path', async () => {
    const { app, lines } = logged();
    await app.request(`/${'a'.repeat(5_000)}`);
    expect(String(lines()[0]?.['path']).length).toBe(200);
  });
});
