/**
 * Random messages of random visibilities to random recipients, changed at random: every door shows each agent exactly what
 * a tiny model of the rules says, in both eras. `RUNS` says how often, `SEED` repeats a run.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { VISIBILITIES, type Visibility } from '../../src/store/port.ts';
import type { ClientEra } from '../_util/connect-client.ts';
import { ERAS } from '../_util/scenario-doors.ts';
import { startTestHub, type TestHub } from '../_util/test-hub.ts';
import {
  memberOf,
  MEMBERS,
  openCast,
  STRANGERS,
  type Ask,
  type Callers,
  type MemberName,
} from './_util/leak-cast.ts';
import { sees, type ModelMessage } from './_util/leak-model.ts';

const RUNS = Number(process.env['RUNS'] ?? 6);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const PER_RUN_MS = 10_000;

const POSTERS = [
  'sender',
  'sibling',
  'sameType',
  'otherType',
  'recipient',
  'recipientByType',
  'admin',
] as const;
const VIEWERS = MEMBERS.filter((name) => name !== 'writeOnly' && name !== 'ghost');
const NAMES = [
  ...POSTERS.map((name) => memberOf(name).agent),
  memberOf('recipient').agent.toUpperCase(),
  ...['cnry-coder-type', 'CNRY-Target-type', 'cnry-other-type'].map((type) => `type:${type}`),
];

const visibility = fc.constantFrom(...VISIBILITIES);
const step = fc.record({
  by: fc.constantFrom(...POSTERS),
  visibility,
  to: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3, selector: (name) => name.toLowerCase() }),
  /** Which earlier message it answers, if any. */
  parent: fc.option(fc.nat(20), { freq: 2 }),
  /** How it is changed right after, by its sender or the admin. */
  change: fc.option(fc.record({ by: fc.constantFrom('sender', 'admin'), visibility }), { freq: 3 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

let hub: TestHub;
let callers: Callers;
beforeAll(async () => {
  hub = await startTestHub({ env: { RATE_LIMIT_ENABLED: 'false' } });
  ({ callers } = await openCast(hub));
});
afterAll(() => hub[Symbol.asyncDispose]());

type Fields = Record<string, unknown>;

async function call(era: ClientEra, by: MemberName, tool: string, args: object): Promise<Fields> {
  const { text } = await callers[by].ask(era, { tool, args: { ...args } });
  const line = text.split('\n').find((part) => /^(data: )?\{/.test(part)) ?? '';
  const { result } = JSON.parse(line.replace(/^data: /, '')) as { result: { content: [{ text: string }] } };
  return JSON.parse(result.content[0].text) as Fields;
}

const wordOf = (session_id: string, index: number): string => `<${session_id}/${index}>`;

/** Which messages of the session stand in a text, whatever it is. */
function foundIn(session_id: string, text: string): number[] {
  const indexes = [...text.matchAll(new RegExp(`<${session_id}/(\\d+)>`, 'g'))].map(([, index]) =>
    Number(index),
  );
  return [...new Set(indexes)].sort((a, b) => a - b);
}

/** Carries the steps out, each answered as the rules say; the model of what then stands in the session. */
async function play(session_id: string, steps: readonly Step[]): Promise<ModelMessage[]> {
  const model: ModelMessage[] = [];
  for (const { by, visibility, to, parent: nth, change } of steps) {
    const parent = nth === null ? null : (model[nth] ?? null);
    const answer = await call('2026', by, 'add_message', {
      ...{ session_id, visibility, to, content: `About ${wordOf(session_id, model.length)}` },
      ...(parent === null ? {} : { parent_message_id: parent.id }),
    });
    const refused =
      visibility === 'admin_only' && by !== 'admin'
        ? 'PERMISSION_DENIED'
        : parent !== null && !sees(by, parent)
          ? 'MESSAGE_NOT_FOUND'
          : undefined;
    expect(answer['code'], `${by} posts`).toBe(refused);
    if (refused !== undefined) continue;
    const message: ModelMessage = { id: Number(answer['message_id']), by, to, parent, visibility };
    model.push(message);
    if (change !== null) await alter(message, change.by === 'admin' ? 'admin' : by, change.visibility);
  }
  return model;
}

async function alter(message: ModelMessage, by: MemberName, visibility: Visibility): Promise<void> {
  const answer = await call('2025', by, 'set_message_visibility', { message_id: message.id, visibility });
  const refused = visibility === 'admin_only' && by !== 'admin';
  expect(answer['code']).toBe(refused ? 'PERMISSION_DENIED' : undefined);
  if (!refused) Object.assign(message, { visibility });
}

const RANGE = { start_time: '2020-01-01T00:00:00Z', end_time: '2100-01-01T00:00:00Z' };

/** Every door that shows messages of a session, and how many of the newest it shows. */
function doors(session_id: string): readonly (readonly [Ask, number])[] {
  const tool = (name: string, args: object): Ask => ({ tool: name, args: { ...args } });
  const read = (uri: string): Ask => ({ method: 'resources/read', params: { uri } });
  return [
    [tool('get_messages', { session_id }), 50],
    [tool('get_messages', { session_id, limit: 2 }), 2],
    [tool('get_session', { session_id, include_messages: 5 }), 5],
    [tool('search_by_timerange', { session_id, ...RANGE }), 50],
    [read(`session://${session_id}`), 10],
    [read(`session://${session_id}/messages`), 50],
    [{ method: 'prompts/get', params: { name: 'debug-session', arguments: { session_id } } }, 30],
    [{ http: `GET /api/v1/sessions/${session_id}/messages` }, 50],
  ];
}

/** What every answer says of unread messages besides, in text as in structure. */
const INBOX = /\\*"inbox\\*":\{.*?\}\]\}/g;

async function compare(era: ClientEra, viewer: MemberName, session_id: string, all: readonly ModelMessage[]) {
  const seen = all
    .map((message, index) => ({ ...message, index }))
    .filter((message) => sees(viewer, message));
  const about = `${viewer} in ${era}`;
  for (const [ask, most] of doors(session_id)) {
    const { text } = await callers[viewer].ask(era, ask);
    const inbox = (text.match(INBOX) ?? []).join();
    const said = `${about}: ${JSON.stringify(ask)}`;
    expect(foundIn(session_id, text.replaceAll(INBOX, '')), said).toEqual(
      seen.slice(-most).map(({ index }) => index),
    );
    const mayKnow = seen.map(({ index }) => index);
    for (const index of foundIn(session_id, inbox)) expect(mayKnow, said).toContain(index);
  }
  const ask = (tool: string, args: object = {}) => call(era, viewer, tool, { session_id, ...args });
  const page = await ask('get_messages');
  if (STRANGERS.includes(viewer)) {
    expect(page['code'], about).toBe('SESSION_NOT_FOUND');
    return;
  }
  expect(page, about).toMatchObject({ count: seen.length, total_count: seen.length, has_more: false });
  expect(page['messages'], about).toMatchObject(
    seen.map(({ id, visibility, parent }) => ({
      ...{ id, visibility },
      parent_message_id: parent !== null && sees(viewer, parent) ? parent.id : null,
    })),
  );
  const { session } = await ask('get_session');
  const posters = new Set(seen.map(({ by }) => memberOf(by).agent));
  expect(session, about).toMatchObject({ message_count: seen.length });
  expect(new Set((session as { participants: string[] }).participants), about).toEqual(posters);
  expect((await ask('get_messages', { limit: 2 }))['has_more'], about).toBe(seen.length > 2);
  const filter = VISIBILITIES[seen.length % VISIBILITIES.length];
  const filtered = await ask('get_messages', { visibility_filter: filter });
  expect(filtered['count'], about).toBe(seen.filter((message) => message.visibility === filter).length);
  const poster = POSTERS[all.length % POSTERS.length]!;
  const bySender = await ask('search_by_sender', { sender: memberOf(poster).agent });
  expect(bySender['count'], about).toBe(seen.filter(({ by }) => by === poster).length);
}

it(
  `shows each agent exactly its own in ${RUNS} random sessions (SEED=${SEED})`,
  async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
      const { session_id } = await call('2025', 'otherType', 'create_session', { purpose: 'Random' });
      const all = await play(String(session_id), steps);
      for (const viewer of VIEWERS) {
        for (const era of ERAS) await compare(era, viewer, String(session_id), all);
      }
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true });
  },
  PER_RUN_MS * (RUNS + 1),
);
