/** Calls that wait take no place from those that work, and end with what they were opened with. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { ERAS } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type AnyClient, type TestHub } from '../_util/test-hub.ts';

const untilWaiting = (hub: TestHub, count: number) =>
  vi.waitUntil(() => hub.hub.services.delivery.waiting === count, { interval: 1, timeout: 10_000 });
const wait = (agent: AnyClient) => agent.callTool('wait_for_messages', { timeout_seconds: 30 });

it('are exempt from the limits on time and on requests at once', async () => {
  const limits = { MAX_CONCURRENT_REQUESTS: '2', REQUEST_TIMEOUT_SECONDS: '1', TOOL_TIMEOUT_SECONDS: '1' };
  await using hub = await startTestHub({ env: limits });
  const ann = await hub.connect('2026', { key: AGENT_KEY, agent: 'ann' });
  const { session_id } = (await ann.callTool('create_session', { purpose: 'Many wait' })).json;
  const waiters: AnyClient[] = [];
  for (let i = 0; i < 6; i++)
    waiters.push(await hub.connect(ERAS[i % 2]!, { key: AGENT_KEY, agent: `waiter-${i}` }));
  const waits = waiters.map(wait);
  await untilWaiting(hub, 6);
  // Longer than any other call may take.
  await delay(1200);
  expect(hub.hub.services.delivery.waiting).toBe(6);
  await ann.callTool('add_message', { session_id, content: 'late' });
  for (const answer of await Promise.all(waits))
    expect(answer.json).toMatchObject({ messages: [{ content: 'late' }], timed_out: false });
  await untilWaiting(hub, 0);
});

it.each(ERAS)('end with their key in era %s', async (era) => {
  await using hub = await startTestHub();
  const key = await hub.makeKey('short');
  const waiting = wait(await hub.connect(era, { key, agent: 'bob' }));
  const refused = expect(waiting).rejects.toThrow();
  await untilWaiting(hub, 1);
  const authorization = `Bearer ${ADMIN_KEY}`;
  const { keys } = (await (await hub.request('/api/v1/keys', { headers: { authorization } })).json()) as {
    keys: { key_id: string; name: string }[];
  };
  const { key_id } = keys.find(({ name }) => name === 'short')!;
  const revoked = await hub.request(`/api/v1/keys/${key_id}`, {
    method: 'DELETE',
    headers: { authorization },
  });
  expect(revoked.status).toBeLessThan(300);
  await refused;
  await untilWaiting(hub, 0);
});

it.each(ERAS)('are answered at once by a hub that stops in era %s', async (era) => {
  await using hub = await startTestHub();
  const bob = await hub.connect(era, { key: AGENT_KEY, agent: 'bob' });
  const waiting = wait(bob);
  await untilWaiting(hub, 1);
  hub.hub.endWaits();
  expect((await waiting).json).toMatchObject({ messages: [], timed_out: true });
  expect((await wait(bob)).json).toMatchObject({ messages: [], timed_out: true });
});

it('count once, whatever they take', async () => {
  await using hub = await startTestHub({
    env: { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_READS_PER_MINUTE: '2' },
  });
  const bob = await hub.connect('2026', { key: AGENT_KEY, agent: 'bob' });
  const poll = () => bob.callTool('wait_for_messages', { timeout_seconds: 0 });
  expect([(await poll()).isError, (await poll()).isError]).toEqual([false, false]);
  expect((await poll()).json).toMatchObject({ code: 'RATE_LIMITED' });
});
