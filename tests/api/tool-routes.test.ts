/** The routes of the JSON API that are tools: the same answers and the same refusals, in the words of HTTP. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operatorOf } from '../_util/operator.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());
const { done, operate, refused } = operatorOf(() => hub);

async function session(): Promise<string> {
  return (await done<{ session_id: string }>('POST', 'sessions', { purpose: 'Routes' })).session_id;
}

it('opens, fills, searches, changes and closes a session', async () => {
  const created = await operate('POST', 'sessions', { purpose: 'Routes', first_message: 'A quokka appears' });
  expect(created.status).toBe(201);
  const { session_id: id } = (await created.json()) as { session_id: string };
  const posted = await operate('POST', `sessions/${id}/messages`, {
    content: 'Another quokka',
    message_type: 'finding',
  });
  expect(posted.status).toBe(201);
  const { message_id: message } = (await posted.json()) as { message_id: number };
  const found = await done<{ results: { message: { id: number } }[] }>(
    'GET',
    `search?query=quoka&limit=1&session_id=${id}`,
  );
  expect(found.results).toHaveLength(1);
  const hidden = await done('PATCH', `messages/${String(message)}`, { visibility: 'private' });
  expect(hidden).toMatchObject({ message: { id: message, visibility: 'private' } });
  expect(await done('PATCH', `sessions/${id}`, { is_active: false })).toMatchObject({
    session: { is_active: false },
  });
  expect(await refused(409, 'POST', `sessions/${id}/messages`, { content: 'late' })).toMatchObject({
    code: 'SESSION_CLOSED',
  });
});

it('keeps memory under keys that an address must escape', async () => {
  const path = `memory/${encodeURIComponent('a/b?c=%2F#d')}`;
  expect(await done('PUT', path, { value: { deep: [1] }, scope: 'shared' })).toMatchObject({ version: 1 });
  expect(await done('GET', `${path}?scope=shared`)).toMatchObject({
    key: 'a/b?c=%2F#d',
    value: { deep: [1] },
  });
  expect(await done('GET', 'memory?scope=shared&limit=1')).toMatchObject({
    entries: [{ key: 'a/b?c=%2F#d' }],
  });
  expect(await refused(409, 'PUT', path, { value: 1, scope: 'shared', if_version: 7 })).toMatchObject({
    code: 'VERSION_MISMATCH',
  });
  expect(await done('DELETE', `${path}?scope=shared`)).toEqual({ deleted: true });
  expect(await refused(404, 'GET', `${path}?scope=shared`)).toMatchObject({ code: 'MEMORY_NOT_FOUND' });
});

it('repeats a write with its idempotency key, and stores it once', async () => {
  const id = await session();
  const send = () =>
    done<{ message_id: number }>('POST', `sessions/${id}/messages`, {
      content: 'once',
      idempotency_key: 'k',
    });
  expect(await send()).toEqual(await send());
  expect(await done('GET', `sessions/${id}/messages`)).toMatchObject({ total_count: 1 });
});

it.each([
  ['GET', 'search', undefined, 'query'],
  ['GET', 'search?query=x&limit=ten', undefined, 'limit'],
  ['GET', 'search?query=x&nonsense=1', undefined, 'nonsense'],
  ['GET', 'search?query=x&query=y', undefined, undefined],
  ['GET', 'search?query=x&auth_token=sct_secret', undefined, 'auth_token'],
  ['POST', 'sessions', { purpose: '' }, 'purpose'],
  ['POST', 'sessions', [], 'body'],
  ['PUT', 'memory/k', { value: 1, key: 'other' }, 'key'],
  ['PATCH', 'messages/seven', { visibility: 'public' }, 'message_id'],
] as const)('%s %s is refused by the name of what is wrong', async (method, path, body, field) => {
  const error = await refused(400, method, path, body);
  expect(error).toMatchObject({
    code: 'INVALID_INPUT',
    ...(field === undefined ? {} : { context: { field } }),
  });
  expect(JSON.stringify(error)).not.toContain('sct_secret');
});

it('leaves agents what tools leave them', async () => {
  const id = await session();
  const posted = await done<{ message_id: number }>('POST', `sessions/${id}/messages`, {
    ...{ content: 'for operators', visibility: 'admin_only' },
  });
  expect(
    await refused(404, 'PATCH', `messages/${String(posted.message_id)}`, { visibility: 'public' }, AGENT_KEY),
  ).toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
  expect(await refused(403, 'PATCH', `sessions/${id}`, { purpose: 'mine' }, AGENT_KEY)).toMatchObject({
    code: 'PERMISSION_DENIED',
  });
});
