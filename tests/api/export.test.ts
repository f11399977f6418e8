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

const memory = fc.array(
  fc.record({
    by: fc.constantFrom('ann', 'bob', 'operator'),
    scope: fc.constantFrom('agent', 'shared'),
    session: fc.option(fc.nat(1), { nil: undefined }),
    key: fc.stringMatching(/^[\w/.é]{1,8}$/),
    value: fc.jsonValue(),
    metadata,
    expires_in: fc.option(fc.integer({ min: 3600, max: 7200 }), { nil: undefined }),
  }),
  { maxLength: 12 },
);

it('gives the memory of all agents to an operator, and takes it back as it was', async () => {
  await using from = await startTestHub();
  const doors = await openDoors(from);
  const ofMemory = async (hub: TestHub, headers?: Record<string, string>) =>
    linesOf(await exported(hub, '', headers)).filter(({ record }) => record === 'memory');
  const plan = { purpose: 'Plan', metadata: {}, is_active: true };
  const ids = await fill(doors, { sessions: [plan, plan], posts: [] });
  await fc.assert(
    fc.asyncProperty(memory, async (entries) => {
      for (const { by, session, ...entry } of entries) {
        const where = session === undefined ? {} : { session_id: ids[session] };
        expectSuccess(await doors[by].call('set_memory', { ...entry, ...where }));
      }
      const lines = await ofMemory(from);
      const all = await exported(from);
      await using to = await startTestHub();
      await openDoors(to);
      expect(await imported(to, all)).toMatchObject({ failed: 0, problems: [] });
      expect(await ofMemory(to)).toEqual(lines);
      for (const hub of [to, from]) {
        const again = await imported(hub, all);
        expect(again).toMatchObject({ imported: 0, failed: 0, problems: [] });
        expect(again['memory']).toBeUndefined();
        expect(await ofMemory(hub)).toEqual(lines);
      }
    }),
    { numRuns: Math.ceil(Number(process.env['RUNS'] ?? 15) / 3) },
  );
});

it('gives an agent its own memory and what is shared, and says in the audit log what an operator was given', async () => {
  await using hub = await startTestHub();
  const doors = await openDoors(hub);
  for (const [by, scope] of [
    ['ann', 'agent'],
    ['bob', 'agent'],
    ['bob', 'shared'],
    ['operator', 'agent'],
  ] as const)
    expectSuccess(await doors[by].call('set_memory', { key: `${by}-${scope}`, value: 'v', scope }));
  const keysOf = async (headers?: Record<string, string>, query = '') =>
    linesOf(await exported(hub, query, headers)).flatMap(({ key }) => key ?? []);
  const ann = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': 'ann' };
  expect(await keysOf(ann)).toEqual(['bob-shared', 'ann-agent']);
  using audit = openAudit(hub);
  const rows = await audit.of(async () => {
    expect(await keysOf()).toEqual(['bob-shared', 'operator-agent', 'ann-agent', 'bob-agent']);
  });
  expect(rows.filter(({ event_type }) => event_type !== 'auth.login')).toMatchObject([
    { event_type: 'export', details: { format: 'jsonl', of: 'all', memory: 4 } },
    { event_type: 'admin.read', resource: 'memory', details: { count: 2 } },
  ]);
  for (const format of ['csv', 'markdown'])
    expect(await exported(hub, `?format=${format}`)).not.toContain('-agent');
});

it('takes shared memory of another system, and says what is wrong with a line', async () => {
  await using hub = await startTestHub();
  const entry = { record: 'memory', key: 'k', value: 1, created_at: '2024-05-06T07:08:09.123Z' };
  const report = await imported(
    hub,
    [{ ...entry, scope: 'shared', version: 3 }, entry, { ...entry, scope: 'shared', agent: 'ann' }]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  );
  expect(report).toMatchObject({
    ...{ memory: 1, failed: 2 },
    problems: [
      { line: 2, problem: 'agent: missing' },
      { line: 3, problem: 'agent: shared memory is of none' },
    ],
  });
  const ann = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
  expect(expectSuccess(await ann.call('get_memory', { key: 'k', scope: 'shared' }))).toMatchObject({
    ...{ value: 1, version: 3, updated_by: 'operator', created_at: entry.created_at },
  });
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

it('holds nothing for who asks for the headers alone', async () => {
  await using hub = await startTestHub({ env: { MAX_STREAMS_PER_KEY: '2' } });
  for (let times = 0; times < 4; times++) {
    const head = await hub.request('/api/v1/export', { method: 'HEAD', headers: OPERATOR });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    expect(await head.text()).toBe('');
  }
  await exported(hub);
});
