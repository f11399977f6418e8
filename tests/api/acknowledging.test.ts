/** Whatever agents ask for and give back: nothing is acknowledged that was not shown, nothing unread is lost, and waits end. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AGENT_KEY, startTestHub, type AnyClient, type TestHub } from '../_util/test-hub.ts';

type Args = Record<string, unknown>;
interface Shown {
  readonly messages: readonly { readonly id: number; readonly content_truncated?: true }[];
  readonly cursor: string;
}

const RUNS = 10;
const STEPS = 25;
const LONG = 'x'.repeat(3000);

let hub: TestHub;
let ann: AnyClient;
let made = 0;

beforeAll(async () => {
  hub = await startTestHub();
  ann = await hub.connect('2026', { key: AGENT_KEY, agent: 'ann', type: 'coder' });
});
afterAll(() => hub[Symbol.asyncDispose]());

async function call(agent: AnyClient, name: string, args: Args): Promise<Args> {
  const answer = await agent.callTool(name, args);
  expect(answer.isError, answer.text).toBe(false);
  return answer.json;
}

const index = fc.nat({ max: 30 });
const step = fc.oneof(
  fc.record({
    does: fc.constant('post' as const),
    session: fc.nat({ max: 1 }),
    to: fc.constantFrom('me', 'my type', 'other', 'nobody'),
    long: fc.boolean(),
    visibility: fc.constantFrom('public', 'private', 'agent_only'),
  }),
  fc.record({
    does: fc.constant('poll' as const),
    session: fc.option(fc.nat({ max: 1 })),
    cursor: fc.option(index),
    addressed_only: fc.boolean(),
    limit: fc.integer({ min: 1, max: 5 }),
    max_tokens: fc.constantFrom(500, 20_000),
  }),
  fc.record({ does: fc.constant('widen' as const), message: index }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What a reader is owed, by what it was shown and gave back. */
interface Model {
  readonly unread: Set<number>;
  /** Of each answer's cursor, what it may acknowledge. */
  readonly answers: { readonly cursor: string; readonly full: readonly number[] }[];
}

async function run(steps: readonly Step[]): Promise<void> {
  const name = `reader-${++made}`;
  const reader = await hub.connect('2026', { key: AGENT_KEY, agent: name, type: `type-${name}` });
  const sessions: unknown[] = [];
  for (let i = 0; i < 2; i++)
    sessions.push((await call(ann, 'create_session', { purpose: name }))['session_id']);
  await call(reader, 'list_sessions', {});
  const model: Model = { unread: new Set(), answers: [] };
  const hidden = new Map<number, boolean>();
  for (const one of steps) {
    if (one.does === 'post') {
      const to = { me: [name], 'my type': [`type:type-${name}`], other: ['ann-too'], nobody: [] }[one.to];
      // To an agent that is not there nothing private can be sent.
      const visibility = one.to === 'other' && one.visibility === 'private' ? 'public' : one.visibility;
      const posted = await call(ann, 'add_message', {
        ...{ session_id: sessions[one.session], content: one.long ? LONG : 'news', to, visibility },
      });
      const id = Number(posted['message_id']);
      const mine = one.to === 'me' || one.to === 'my type';
      const isSeen = visibility === 'public' || (visibility === 'private' && mine);
      if (!isSeen) hidden.set(id, mine);
      else if (mine) model.unread.add(id);
    } else if (one.does === 'widen') {
      const [found] = [...hidden].slice(one.message % Math.max(1, hidden.size));
      if (found === undefined) continue;
      await call(ann, 'set_message_visibility', { message_id: found[0], visibility: 'public' });
      hidden.delete(found[0]);
      if (found[1]) model.unread.add(found[0]);
    } else {
      await poll(reader, model, one, sessions);
    }
    const { inbox } = (await call(reader, 'list_sessions', {})) as { inbox?: { unread: number } };
    expect(inbox?.unread ?? 0, JSON.stringify(one)).toBe(model.unread.size);
  }
  await drain(reader, model);
}

async function poll(
  reader: AnyClient,
  { unread, answers }: Model,
  { session, cursor: which, ...args }: Extract<Step, { does: 'poll' }>,
  sessions: readonly unknown[],
): Promise<void> {
  const given = which === null ? undefined : answers[which % Math.max(1, answers.length)];
  const { does: _, ...filters } = args;
  const answer = (await call(reader, 'wait_for_messages', {
    ...filters,
    timeout_seconds: 0,
    ...(session === null ? {} : { session_id: sessions[session] }),
    ...(given === undefined ? {} : { cursor: given.cursor }),
  })) as unknown as Shown;
  for (const id of given?.full ?? []) unread.delete(id);
  const full = answer.messages.filter((message) => message.content_truncated !== true).map(({ id }) => id);
  answers.push({ cursor: answer.cursor, full });
}

/** All that is unread comes again to who follows the cursor, and then no more. */
async function drain(reader: AnyClient, { unread }: Model): Promise<void> {
  const seen = new Set<number>();
  let cursor: string | undefined;
  for (let rounds = 0; ; rounds++) {
    expect(rounds).toBeLessThan(2 * STEPS);
    const answer = (await call(reader, 'wait_for_messages', {
      timeout_seconds: 0,
      limit: 5,
      ...(cursor === undefined ? {} : { cursor }),
    })) as unknown as Shown;
    if (answer.messages.length === 0) break;
    for (const { id } of answer.messages) seen.add(id);
    ({ cursor } = answer);
  }
  expect([...unread].filter((id) => !seen.has(id))).toEqual([]);
  expect(await call(reader, 'list_sessions', {})).not.toHaveProperty('inbox');
}

it(
  'a cursor acknowledges what its answer showed in full, and nothing else',
  { timeout: 120_000 },
  async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: STEPS }), run), {
      numRuns: RUNS,
    });
  },
);
