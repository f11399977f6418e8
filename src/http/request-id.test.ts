import { expect, it } from 'vitest';
import { appWith, json } from '../../tests/http/harness.ts';
import { requestIdOf } from './request-id.ts';

it('gives each request an id of its own and never takes the client’s', async () => {
  const app = appWith().get('/', (c) => c.text(requestIdOf(c)));
  const seen = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const response = await app.request('/', { headers: { 'X-Request-Id': 'mine' } });
    const id = response.headers.get('x-request-id') ?? '';
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.text()).toBe(id);
    seen.add(id);
  }
  expect(seen.size).toBe(3);
});

it('stands on errors too, the same as in the body', async () => {
  const app = appWith().get('/', () => {
    throw new Error('x');
  });
  const response = await app.request('/');
  expect(response.status).toBe(500);
  expect((await json(response))['request_id']).toBe(response.headers.get('x-request-id'));
});
