/** A session in which work is handed over among hundreds of other messages. The texts are made up for this. */
import type { Door } from './scenario-doors.ts';
import { expectSuccess } from './scenario-doors.ts';

export interface HandOver {
  readonly sessionId: string;
  /** Ids of the messages that matter, by what they are. */
  readonly ids: Readonly<Record<'rule' | 'decision' | 'question' | 'request' | 'asked', number>>;
}

/** What either of the two must know afterwards, as words of the texts below. */
export const FACTS = {
  rule: 'Never run the migration against the staging cluster',
  decision: 'Rate limits are kept in Redis with a sliding window of 60 s',
  question: 'may the limiter fail open while Redis restarts?',
  request: 'please rename limiter.window_ms to limiter.window_seconds before Friday',
  asked: 'which header tells clients when to retry?',
  plan: 'next: wire RedisLimiter into gateway/middleware.ts',
  window: 'limiter.window',
} as const;

const NOISE = [
  (i: number) => `ran the suite again, ${300 + i} passed, ${i % 3} skipped, took ${i % 17}.${i % 9} s`,
  (i: number) => `anyone else seeing ECONNRESET from the package mirror? retry ${i % 5} worked for me`,
  (i: number) => `looking at src/gateway/routes/${i % 40}.ts now, the imports there are circular again`,
  () => `ok`,
  (i: number) =>
    `Thought: the flaky test number ${i} depends on the clock. Action: read tests/clock.test.ts. Observation: it sleeps 50 ms and compares against Date.now(), so a loaded machine fails it. I will use fake timers there and look at the other ${i % 6} places.`,
  (i: number) => `no idea, worked when I tried it on ${i % 2 === 0 ? 'linux' : 'macOS'} yesterday`,
  (i: number) => '```\n' + `error TS2345: Argument of type 'string' (line ${i})\n`.repeat(6) + '```',
] as const;

/** `ada` leaves her work, `bob` is to go on with it; `carol` and `dave` talk. */
export async function recordHandOver(
  { ada, bob, carol, dave }: Readonly<Record<'ada' | 'bob' | 'carol' | 'dave', Door>>,
  messages: number,
): Promise<HandOver> {
  const { session_id } = expectSuccess(
    await dave.call('create_session', { purpose: 'Rate limits for the public gateway' }),
  );
  const post = async (by: Door, content: string, args: object = {}): Promise<number> => {
    const answer = await by.call('add_message', { session_id, content, ...args });
    return Number(expectSuccess(answer)['message_id']);
  };
  let said = 0;
  /** At once: their order does not matter. */
  const chat = async (count: number): Promise<void> => {
    const from = said;
    said += count;
    const lines = Array.from({ length: count }, (_, i) => from + i);
    await Promise.all(lines.map((i) => post(i % 3 === 0 ? carol : dave, NOISE[i % NOISE.length]!(i))));
  };
  const part = Math.floor(messages / 6);
  const rule = await post(dave, `${FACTS.rule}; it has no backups.`, { pinned: true });
  await chat(part);
  const decision = await post(ada, `${FACTS.decision}, since two gateways share the counters.`, {
    message_type: 'decision',
  });
  await chat(part);
  const question = await post(ada, `Before I go on: ${FACTS.question}`, {
    ...{ message_type: 'question', to: ['bob'] },
  });
  expectSuccess(await ada.call('set_memory', { session_id, key: 'plan', value: { todo: FACTS.plan } }));
  await chat(part);
  const answered = await post(carol, 'does the limiter count bytes?', { message_type: 'question' });
  await post(dave, 'no, requests', { message_type: 'answer', parent_message_id: answered });
  await chat(part);
  const request = await post(carol, `@ada ${FACTS.request}.`);
  const shared = { key: FACTS.window, value: 60, scope: 'shared', session_id };
  expectSuccess(await carol.call('set_memory', shared));
  await chat(part);
  const asked = await post(bob, `For the docs: ${FACTS.asked}`, { message_type: 'question', to: ['ada'] });
  await chat(messages - 5 * part);
  return { sessionId: String(session_id), ids: { rule, decision, question, request, asked } };
}
