import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MESSAGE_TYPES, VISIBILITIES } from '../../src/store/port.ts';
import { openAudit } from '../_util/audit-rows.ts';
import { expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { waitFor } from '../dev/wait.ts';

const OPERATOR = { authorization: `Bearer ${ADMIN_KEY}`, 'x-agent-id': 'operator' };

async function exported(
  hub: TestHub,
  query = '',
  headers: Record<string, string> = OPERATOR,
): Promise<string> {
  const response = await hub.request(`/api/v1/export${query}`, { headers });
  expect(response.status).toBe(200);
  return response.text();
}

async function imported(hub: TestHub, lines: string): Promise<Record<string, unknown>> {
  const response = await hub.request('/api/v1/import', { method: 'POST', headers: OPERATOR, body: lines });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 40 })
  .filter((value) => value.trim() !== '');
const LABELS = ['external_id', 'kind', 'imported', 'external_metadata', 'sender_type', '__proto__', 'a'];
const metadata = fc.dictionary(
  fc.oneof(fc.constantFrom(...LABELS), fc.string({ maxLength: 8 })),
  fc.jsonValue(),
  {
    maxKeys: 3,
  },
);
const posts = fc.array(
  fc.record({
    by: fc.constantFrom('ann', 'bob', 'operator'),
    session: fc.nat(1),
    content: text,
    visibility: fc.constantFrom(...VISIBILITIES),
    message_type: fc.constantFrom(...MESSAGE_TYPES),
    to: fc.subarray(['ann', 'bob', 'type:codex', 'type:none']),
    answers: fc.option(fc.nat(9), { nil: undefined }),
    pinned: fc.boolean(),
    metadata,
  }),
  { maxLength: 12 },
);
const world = fc.record({
  sessions: fc.array(fc.record({ purpose: text, metadata, is_active: fc.boolean() }), {
    minLength: 2,
    maxLength: 2,
  }),
  posts,
});

type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

type Doors = Readonly<Record<'ann' | 'bob' | 'operator', Door>>;

async function openDoors(hub: TestHub): Promise<Doors> {
  const doors = {
    ann: await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'ann', type: 'claude' }),
    bob: await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'bob', type: 'codex' }),
    operator: await openDoor(hub, '2026', { key: ADMIN_KEY, agent: 'operator', type: 'operator' }),
  };
  for (const door of Object.values(doors)) expectSuccess(await door.call('list_sessions'));
  return doors;
}

/** Makes what the generated world says, as agents do; answers the ids of its sessions. */
async function fill(doors: Doors, { sessions, posts: made }: World): Promise<string[]> {
  const ids: string[] = [];
  for (const { purpose, metadata: about } of sessions) {
    const created = expectSuccess(await doors.ann.call('create_session', { purpose, metadata: about }));
    ids.push(created['session_id'] as string);
  }
  const stored: { id: number; session: number }[] = [];
  for (const { by, session, answers, visibility, ...message } of made) {
    const parent = stored.filter((one) => one.session === session)[answers ?? -1];
    const answer = await doors[by].call('add_message', {
      ...message,
      session_id: ids[session],
      visibility: by !== 'operator' && visibility === 'admin_only' ? 'public' : visibility,
      ...(parent === undefined ? {} : { parent_message_id: parent.id }),
    });
    // An answer to what its sender does not see is refused.
    if (!answer.isError) stored.push({ id: answer.json['message_id'] as number, session });
  }
  for (const [i, { is_active }] of sessions.entries())
    expectSuccess(await doors.ann.call('update_session', { session_id: ids[i], is_active }));
  return ids;
}

it('gives JSON lines that, imported and exported again, are the same', async () => {
  await using from = await startTestHub();
  await using to = await startTestHub();
  const doors = await openDoors(from);
  const ofSessions = async (hub: TestHub, names: readonly string[]) =>
    linesOf(await exported(hub)).filter(({ session }) => names.includes(session as string));
  await fc.assert(
    fc.asyncProperty(world, async (made) => {
      const names = await fill(doors, made);
      const lines = await ofSessions(from, names);
      const text = lines.map((line) => JSON.stringify(line)).join('\n');
      expect(await imported(to, text)).toMatchObject({ failed: 0, problems: [] });
      expect(await ofSessions(to, names)).toEqual(lines);
      // And nothing of it is stored twice, neither there nor where it came from.
      for (const hub of [to, from]) {
        expect(await imported(hub, text)).toMatchObject({ imported: 0, failed: 0, problems: [] });
        expect(await ofSessions(hub, names)).toEqual(lines);
      }
    }),
    { numRuns: Number(process.env['RUNS'] ?? 15) },
  );
});

const LINE = { id: 'm', session: 'talk', timestamp: '2024-05-06T07:08:09.123Z', sender: 'Zoë', content: 'x' };
const lines = (...made: object[]): string =>
  made.map((line) => JSON.stringify({ ...LINE, ...line })).join('\n');

it('shows each caller what it sees and no more, and leaves rows in the audit log', async () => {
  await using hub = await startTestHub();
  const ann = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
  const { session_id } = expectSuccess(await ann.call('create_session', { purpose: 'Plan' }));
  for (const visibility of ['public', 'private'])
    expectSuccess(await ann.call('add_message', { session_id, content: `${visibility} words`, visibility }));
  const bob = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': 'bob' };
  using audit = openAudit(hub);
  for (const query of ['', `?session_id=${session_id as string}`, '?query=words']) {
    const contents = linesOf(await exported(hub, query, bob)).flatMap((line) => line['content'] ?? []);
    expect(contents).toEqual(['public words']);
  }
  const rows = (await audit.of(() => exported(hub, `?session_id=${session_id as string}&format=csv`))).filter(
    ({ event_type }) => event_type !== 'auth.login',
  );
  expect(rows.map(({ event_type, session_id: about, details }) => ({ event_type, about, details }))).toEqual([
    {
      event_type: 'export',
      about: session_id,
      details: { format: 'csv', of: 'session', session_id, sessions: 1, messages: 2 },
    },
    {
      event_type: 'admin.read',
      about: session_id,
      details: expect.objectContaining({ count: 1 }) as unknown,
    },
  ]);
});

it('writes no cell that a spreadsheet takes for a formula', async () => {
  await using hub = await startTestHub();
  const hostile = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =cmd|x', '\u200b=1', '＝1', '\r=1', 'a"b\n=c,d'];
  await imported(
    hub,
    lines(
      ...hostile.map((content, i) => ({ id: `${i}`, content: `${content} `, sender: `=${i}`, to: ['@x'] })),
    ),
  );
  const csv = await exported(hub, '?format=csv');
  // As a spreadsheet reads it.
  const cells = [...csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n\ufeff]*))(?:,|\r\n)/g)].map(
    ([, inQuotes, bare]) => inQuotes?.replaceAll('""', '"') ?? bare ?? '',
  );
  for (const content of hostile)
    expect(cells.some((cell) => cell === `${content} ` || cell === `'${content} `)).toBe(true);
  expect(cells.filter((cell) => /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]/u.test(cell))).toEqual([]);
});

it('writes Markdown in which no content passes for another message', async () => {
  await using hub = await startTestHub();
  const content = 'a\n\n## 9 · admin · now\r# b\u2028# c\u001b[31m\u202e';
  await imported(hub, lines({ content, sender: '<b>*x*</b>' }));
  const markdown = await exported(hub, '?format=markdown');
  const headings = markdown.split(/\r\n?|[\n\u0085\u2028\u2029]/).filter((line) => line.startsWith('#'));
  expect(headings).toEqual([
    '# talk',
    expect.stringMatching(/^## \d+ · \\<b\\>\\\*x\\\*\\<\/b\\> · 2024-05-06T07:08:09\.123Z · imported$/),
  ]);
  expect(markdown).not.toMatch(/[\u001b\u202e]/);
});

it('reads on only as far as it is read, and ends with the key', async () => {
  await using hub = await startTestHub();
  const count = 60;
  const content = 'x'.repeat(90_000);
  await imported(hub, lines(...Array.from({ length: count }, (_, i) => ({ id: `${i}`, content }))));
  const key = await hub.makeKey('reader', { permissions: ['read'] });
  const response = await hub.request('/api/v1/export', { headers: { authorization: `Bearer ${key}` } });
  const reader = response.body!.getReader();
  await reader.read();
  await reader.read();
  const keys = (await (await hub.request('/api/v1/keys', { headers: OPERATOR })).json()) as {
    keys: { key_id: string; name: string }[];
  };
  using audit = openAudit(hub);
  const { key_id } = keys.keys.find(({ name }) => name === 'reader')!;
  await hub.request(`/api/v1/keys/${key_id}`, { method: 'DELETE', headers: OPERATOR });
  // Not as if that were all.
  await expect(reader.closed).rejects.toThrow();
  const row = await waitFor(async () =>
    (await audit.all()).find(({ event_type }) => event_type === 'export'),
  );
  expect(row.details['messages']).toBeLessThan(count / 2);
});
