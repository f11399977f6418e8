/** The JSON API as a door: it shows each caller what the tools show it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectNothingHidden, sessionAsSeen, sessionOf } from '../_util/scenario-access.ts';
import { CALLERS, seenBy, startWorld, STRANGERS, type Caller, type World } from '../_util/scenario.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const isStranger = ({ name }: Caller): boolean => STRANGERS.includes(name);
const mainIds = (caller: Caller): number[] =>
  seenBy(world, caller.name)
    .filter(({ session }) => session === world.sessions.main)
    .map(({ id }) => id);
const asked = (caller: Caller) => ({ world, caller });
const parsed = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
const idsIn = (value: unknown): number[] => (value as { id: number }[]).map(({ id }) => id);

const ask = (caller: Caller, path: string): Promise<Response> => {
  const headers = { authorization: `Bearer ${caller.key}`, 'x-agent-id': caller.agent };
  return world.hub.request(`/api/v1/${path}`, { headers });
};

it.each(CALLERS)('shows %s what the tools show it', async (name) => {
  const caller = world.callers[name];
  const list = await (await ask(caller, 'sessions?limit=100')).text();
  const one = await ask(caller, `sessions/${world.sessions.main}`);
  const messages = await ask(caller, `sessions/${world.sessions.main}/messages`);
  const listed = (parsed(list)['sessions'] as { session_id: string }[]).find(
    (s) => s.session_id === world.sessions.main,
  );
  if (isStranger(caller)) {
    expect(listed).toBeUndefined();
    expect([one.status, messages.status]).toEqual([404, 404]);
    return;
  }
  const expected = sessionAsSeen(asked(caller), 'main');
  expect(sessionOf(listed)).toEqual(expected);
  const text = await one.text();
  expect(sessionOf(parsed(text)['session'])).toEqual(expected);
  const page = await messages.text();
  for (const answer of [list, text, page]) expectNothingHidden(world, caller, answer);
  expect(idsIn(parsed(page)['messages'])).toEqual(mainIds(caller));
  expect(parsed(page)).toMatchObject({ has_more: false, total_count: mainIds(caller).length });
});
