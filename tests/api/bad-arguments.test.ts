/** Bad arguments of every kind, made from each tool's JSON schema: the error says what is wrong, and nothing is stored. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorObject } from '../../src/errors.ts';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { badArguments, type ToolSchema } from '../_util/scenario-bad.ts';
import { GOOD_CALLS, setStage, type Stage } from '../_util/scenario-calls.ts';
import { ERAS, expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openSession, post } from '../_util/scenario-raw.ts';
import { openRows, type Rows } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const HEADERS = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': 'alice' };

let hub: TestHub;
let rows: Rows;
let stage: Stage;
const doors: Record<string, Door> = {};
/** Of an operator, for the tools that others are not shown. */
const adminDoors: Record<string, Door> = {};
const schemas = new Map<string, ToolSchema>();
let sessionHeaders: Record<string, string>;

beforeAll(async () => {
  hub = await startTestHub();
  for (const era of ERAS) {
    doors[era] = await openDoor(hub, era, { key: AGENT_KEY, agent: 'alice', type: 'claude' });
    adminDoors[era] = await openDoor(hub, era, { key: ADMIN_KEY, agent: 'operator' });
  }
  stage = await setStage(doors['2025']!);
  sessionHeaders = await openSession(hub, HEADERS);
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const response = await post(hub, '2026', { method: 'tools/list', headers });
  const { result } = (await response.json()) as {
    result: { tools: { name: string; inputSchema: ToolSchema }[] };
  };
  for (const { name, inputSchema } of result.tools) schemas.set(name, inputSchema);
  rows = openRows(hub);
});
afterAll(async () => {
  rows[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

function doorOf(era: string, tool: string): Door {
  const isForAdmins = TOOLS.find(({ name }) => name === tool)?.permission === 'admin';
  return (isForAdmins ? adminDoors : doors)[era]!;
}

function expectExplained(error: ErrorObject, field: string, about: string): void {
  expect(error.context['field'], about).toBe(field);
  expect(Object.keys(error.context).sort(), about).toEqual(['expected', 'field', 'value']);
  expect(error.context['expected'], about).toMatch(/^(a|an|at|any|no|one|text|what|another)\b/);
  expect(String(error.context['value']).length, about).toBeLessThanOrEqual(101);
  expect(error.error, about).toContain(field.split('.')[0]);
  expect(error.suggestions, about).not.toEqual([]);
}

it('has good calls for every tool', () => {
  expect(TOOLS.map(({ name }) => name).filter((name) => GOOD_CALLS[name] === undefined)).toEqual([]);
});

describe.each(ERAS)('in era %s', (era) => {
  it.each(TOOLS.map(({ name }) => name))('%s refuses them by name and stores nothing', async (name) => {
    const [good] = GOOD_CALLS[name]!(stage);
    const cases = badArguments(schemas.get(name)!, good);
    expect(cases.length).toBeGreaterThan(5);
    const before = rows.all();
    for (const { what, args, field } of cases) {
      const error = expectError(await doorOf(era, name).call(name, args), 'INVALID_INPUT', what);
      expectExplained(error, field, what);
    }
    expect(rows.all()).toEqual(before);
  });

  it.each(TOOLS.map(({ name }) => name))('%s takes only an object as arguments', async (name) => {
    const before = rows.all();
    const headers = era === '2025' ? sessionHeaders : HEADERS;
    for (const args of [[], ['x'], 'text', 5, true]) {
      const response = await post(hub, era, {
        method: 'tools/call',
        params: { name, arguments: args },
        headers,
      });
      const body = (await response.json()) as { result?: { content: { text: string }[]; isError?: boolean } };
      const text = body.result?.content[0]?.text ?? '{}';
      const json = JSON.parse(text) as Record<string, unknown>;
      const answer = { isError: body.result?.isError ?? false, structuredContent: undefined, text, json };
      expect(body.result, JSON.stringify(body)).not.toHaveProperty('structuredContent');
      expectExplained(
        expectError(answer, 'INVALID_INPUT', JSON.stringify(args)),
        'arguments',
        JSON.stringify(args),
      );
      expect(json['request_id']).toBe(response.headers.get('x-request-id'));
    }
    expect(rows.all()).toEqual(before);
  });

  it('a parameter that is missing altogether is said to be missing', async () => {
    const error = expectError(await doors[era]!.call('set_memory', { key: 'k' }), 'INVALID_INPUT');
    expect(error).toMatchObject({
      error: 'value is missing; expected any JSON value.',
      context: { field: 'value', value: null },
    });
    expect(schemas.get('set_memory')?.required).toEqual(['key', 'value']);
  });

  it('shows a number of tokens, which is no secret, and never a token', async () => {
    const door = doors[era]!;
    const error = expectError(await door.call('catch_up', { max_tokens: 199 }), 'INVALID_INPUT');
    expect(error).toMatchObject({ context: { field: 'max_tokens', value: 199 } });
    for (const [field, value] of [
      ['auth_token', ['sct_secret']],
      ['my_tokens', 'sct_secret'],
      ['token', 'sct_secret'],
    ] as const) {
      const { text } = await door.call('catch_up', { [field]: value });
      expect(text).not.toContain('sct_secret');
    }
  });

  it('says how many items a list may have', async () => {
    const error = expectError(await doors[era]!.call('acquire_lease', { resources: [] }), 'INVALID_INPUT');
    expect(error.context['expected']).toBe('an array of 1 to 50 items, each a string of 1 to 500 characters');
  });

  it('refuses a tool that does not exist as a mistake in the protocol', async () => {
    await expect(doors[era]!.call('no_such_tool', {})).rejects.toMatchObject({ code: -32602 });
  });

  it('never shows more of a value than its beginning', async () => {
    const content = `secret ${'s'.repeat(5000)}`;
    const answer = await doors[era]!.call('add_message', {
      session_id: stage.sessionId,
      content,
      visibility: content,
    });
    expectError(answer, 'INVALID_INPUT');
    expect(answer.text.length).toBeLessThan(1500);
  });
});

it('each good call succeeds: the bad ones fail by what is bad in them', async () => {
  for (const [name, calls] of Object.entries(GOOD_CALLS)) {
    for (const args of calls(stage)) expectSuccess(await doorOf('2026', name).call(name, args), name);
  }
});
