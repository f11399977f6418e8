/** What agents pay for and rely on: sizes of descriptions, annotations that are true, answers that keep to their schema. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/errors.ts';
import { INSTRUCTIONS } from '../../src/mcp/guidance.ts';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { GOOD_CALLS, setStage, type Stage } from '../_util/scenario-calls.ts';
import { ERAS, expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { post } from '../_util/scenario-raw.ts';
import { openRows } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly description?: string;
}

interface Descriptor {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: Schema;
  readonly outputSchema: Schema;
  readonly annotations: Readonly<Record<string, unknown>>;
}

let hub: TestHub;
let door: Door;
let stage: Stage;
let all: Descriptor[];
let core: Descriptor[];
/** With those for operators. */
let every: Descriptor[];

async function listed(query: string, key = AGENT_KEY): Promise<Descriptor[]> {
  const agent = key === ADMIN_KEY ? 'operator' : 'alice';
  const client = await hub.connect('2025', { key, agent, type: 'claude', path: `/mcp${query}` });
  return (await client.client.listTools()).tools as unknown as Descriptor[];
}

beforeAll(async () => {
  hub = await startTestHub();
  all = await listed('');
  core = await listed('?tools=core');
  every = await listed('', ADMIN_KEY);
  door = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  stage = await setStage(door);
});
afterAll(() => hub[Symbol.asyncDispose]());

const tokens = (text: string): number => text.length / 4;
const costOf = (tools: readonly Descriptor[]): number =>
  tools.reduce(
    (sum, { name, description, inputSchema }) =>
      sum + tokens(name + description + JSON.stringify(inputSchema)),
    0,
  );

it('all tools together take at most 4,500 tokens, the core ones 2,000', () => {
  expect(all).toHaveLength(TOOLS.filter(({ permission }) => permission !== 'admin').length);
  expect(costOf(all)).toBeLessThanOrEqual(4500);
  expect(core.length).toBeGreaterThan(0);
  expect(costOf(core)).toBeLessThanOrEqual(2000);
});

it('core are the tools that the contract names', () => {
  const named = [
    'create_session',
    'list_sessions',
    'add_message',
    'get_messages',
    'wait_for_messages',
    'catch_up',
  ];
  const more = ['search_context', 'set_memory', 'get_memory', 'acquire_lease'];
  const expected = TOOLS.map(({ name }) => name).filter((name) => [...named, ...more].includes(name));
  expect(core.map(({ name }) => name)).toEqual(expected);
});

it.each(ERAS)('tells how to begin in at most 200 tokens, naming tools that exist (%s)', async (era) => {
  const client = era === '2025' ? await hub.connect('2025', {}) : await hub.connect('2026', {});
  const instructions = client.client.getInstructions();
  expect(instructions).toBe(INSTRUCTIONS);
  expect(tokens(INSTRUCTIONS)).toBeLessThanOrEqual(200);
  expectOnlyRealNames(INSTRUCTIONS, 'instructions');
});

/** Words with underscores are names: of tools, of their parameters and fields, or of values that are one of a few. */
function expectOnlyRealNames(text: string, about: string): void {
  const real = new Set([
    ...all.flatMap(namesIn),
    'agent_type',
    'retry_after',
    'request_id',
    'base_url',
    'session_',
  ]);
  for (const [word] of text.matchAll(/\b[a-z]+(?:_[a-z]*)+/g))
    expect([...real], `${about}: ${text}`).toContain(word);
}

function namesIn({ name, inputSchema, outputSchema }: Descriptor): string[] {
  const fields = JSON.stringify([inputSchema, outputSchema]).match(/[a-z]+_[a-z_]+/g) ?? [];
  return [name, ...fields];
}

it('guidance takes at most 600 tokens each and names what exists', async () => {
  for (const guidance_type of ['operations', 'coordination', 'security', 'troubleshooting']) {
    const { text, json } = await door.call('get_usage_guidance', { guidance_type });
    expect(tokens(text), guidance_type).toBeLessThanOrEqual(600);
    const { guidance, examples } = json as { guidance: string; examples: string[] };
    expectOnlyRealNames(guidance, guidance_type);
    for (const code of guidance.match(/\b[A-Z]+_[A-Z_]+\b/g) ?? []) expect(ERRORS).toHaveProperty(code);
    for (const example of examples) await expectExampleWorks(example);
  }
});

/** An example is a tool and arguments that its schema takes. */
async function expectExampleWorks(example: string): Promise<void> {
  const [, name, args] = /^(\w+) (\{.*\})$/.exec(example)!;
  const answer = await door.call(
    name!,
    JSON.parse(args!.replace('session_…', stage.sessionId)) as Record<string, unknown>,
  );
  if (answer.isError) expect(answer.json['number'], example).not.toMatch(/^(VALIDATION|INTERNAL)/);
}

/** Every time in an answer is ISO 8601, UTC, with milliseconds. */
function expectTimes(answer: object): void {
  const times = [...JSON.stringify(answer).matchAll(/"(\w+_at|timestamp)":(?:"([^"]*)"|null)/g)];
  for (const [field, , time] of times) {
    if (time !== undefined) expect(new Date(time).toISOString(), field).toBe(time);
  }
}

describe.each(TOOLS)('$name', ({ name, permission }) => {
  const key = permission === 'admin' ? ADMIN_KEY : AGENT_KEY;
  const descriptorOf = (): Descriptor => every.find((tool) => tool.name === name)!;

  it('describes itself', () => {
    const { title, description, inputSchema, outputSchema, annotations } = descriptorOf();
    expect([title, description].every((text) => /\S/.test(text))).toBe(true);
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(outputSchema.type).toBe('object');
    expect(outputSchema.required).toContain('success');
    expect(Object.keys(annotations).sort()).toEqual(
      ['destructiveHint', 'idempotentHint', 'openWorldHint', 'readOnlyHint', 'title'].sort(),
    );
    expect(annotations).toMatchObject({ title, openWorldHint: false });
    if (annotations['readOnlyHint'] === true) expect(annotations['destructiveHint']).toBe(false);
    const authenticates = ['authenticate_agent', 'refresh_token'].includes(name);
    expect('auth_token' in inputSchema.properties!).toBe(!authenticates);
    // What a reader may call writes nothing but what became of messages.
    const isWrite = annotations['readOnlyHint'] === false && permission !== 'read' && !authenticates;
    expect('idempotency_key' in inputSchema.properties!).toBe(isWrite);
    const written = JSON.stringify(
      Object.values(inputSchema.properties!).map((schema) => schema.description ?? ''),
    );
    expectOnlyRealNames(description + written, name);
  });

  it('answers what its output schema declares, and its good calls name every parameter', async () => {
    // This client checks what is structured against the schema, once it has seen the list.
    const agent = `agent-${name}`;
    const checking = await hub.connect('2025', { key, agent, type: 'claude' });
    await checking.listTools();
    const mine = await openDoor(hub, '2026', { key, agent, type: 'claude' });
    const fresh = await setStage(mine);
    const { inputSchema, outputSchema, annotations } = descriptorOf();
    const used = new Set<string>();
    let changed = false;
    using rows = openRows(hub);
    for (const args of GOOD_CALLS[name]!(fresh)) {
      const shared = { key: 'k', value: 1, session_id: fresh.sessionId, scope: 'shared' };
      if (name !== 'set_memory') expectSuccess(await mine.call('set_memory', shared));
      const before = JSON.stringify(rows.all());
      const answer = expectSuccess(await checking.callTool(name, args));
      for (const field of Object.keys(answer)) expect(outputSchema.properties, name).toHaveProperty(field);
      expectTimes(answer);
      changed ||= JSON.stringify(rows.all()) !== before;
      for (const parameter of Object.keys(args)) used.add(parameter);
    }
    expect(changed).toBe(annotations['readOnlyHint'] === false && name !== 'wait_for_messages');
    const elsewhere = ['cursor', 'auth_token'];
    const own = Object.keys(inputSchema.properties!).filter((parameter) => !elsewhere.includes(parameter));
    expect(own.filter((parameter) => !used.has(parameter))).toEqual([]);
  });
});

it('an idempotent tool has no further effect when it is called again', async () => {
  for (const { name, annotations } of all) {
    if (annotations['readOnlyHint'] === true || annotations['idempotentHint'] !== true) continue;
    const mine = await openDoor(hub, '2026', { key: AGENT_KEY, agent: `again-${name}`, type: 'claude' });
    const [{ idempotency_key: _, ...args }] = GOOD_CALLS[name]!(await setStage(mine));
    expectSuccess(await mine.call(name, args), name);
    using rows = openRows(hub);
    const settled = JSON.stringify(rows.all()).replace(/"updated_at":\d+/g, '');
    await mine.call(name, args);
    expect(JSON.stringify(rows.all()).replace(/"updated_at":\d+/g, ''), name).toBe(settled);
  }
});

it('errors name only tools that exist', async () => {
  const { sessionId: session_id } = stage;
  await door.call('update_session', { session_id, is_active: false });
  const refused = [
    await door.call('get_session', { session_id: 'none' }),
    await door.call('add_message', { session_id, content: 'c' }),
    await door.call('add_message', { session_id, content: 'c', visibility: 'admin_only' }),
    await door.call('get_memory', { key: 'none' }),
    await door.call('set_memory', { key: 'there', value: 1, overwrite: false }),
    await door.call('set_memory', { key: 'there', value: 1, if_version: 99 }),
    await door.call('set_message_visibility', { message_id: 999_999, visibility: 'public' }),
    await door.call('list_sessions', { cursor: 'x' }),
    await door.call('add_message', { session_id, content: 'c'.repeat(100_001) }),
    await door.call('get_messages', { session_id, sendr: 'x' }),
  ];
  const names = all.map(({ name }) => name);
  for (const answer of refused) {
    const { code } = answer.json as { code: keyof typeof ERRORS };
    const { suggestions, related_resources } = expectError(answer, code);
    for (const related of related_resources) expect(names).toContain(related);
    expect(suggestions.length, code).toBeGreaterThan(0);
    for (const suggestion of suggestions)
      if (!suggestion.includes('sendr')) expectOnlyRealNames(suggestion, code);
  }
});

it('a tool of the small set alone can be listed, and all can be called', async () => {
  const small = await hub.connect('2026', { agent: 'alice', path: '/mcp?tools=core' });
  expect(await small.listTools()).toEqual(core.map(({ name }) => name));
  expectSuccess(await small.callTool('get_usage_guidance'));
  const response = await post(hub, '2026', {
    method: 'tools/list',
    headers: { authorization: `Bearer ${AGENT_KEY}` },
  });
  const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
  expect(result.tools.map(({ name }) => name)).toEqual(all.map(({ name }) => name));
});
