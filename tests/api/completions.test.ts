/** Completions know whose argument they complete; prompts refuse arguments that say nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERAS, openDoor, refusalOf, type Door } from '../_util/scenario-doors.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
});

describe.each(ERAS)('in era %s', (era) => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor(hub, era, { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  });
  afterAll(async () => {
    await door.close();
  });

  it.each([
    { prompt: 'nothing' },
    { resource: 'nothing://{session_id}' },
    { resource: 'hub://info' },
    { resource: '' },
  ])('there is no completion for %o', async (ref) => {
    const { code, error } = await refusalOf(door.complete({ ...ref, argument: 'session_id', value: '' }));
    expect(code).toBe(-32602);
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      context: { field: 'prompt' in ref ? 'name' : 'uri' },
      suggestions: [`Take one from ${'prompt' in ref ? 'prompts' : 'resources/templates'}/list.`],
    });
  });

  it.each([
    [{ prompt: 'debug-session' }, 'agent_id'],
    [{ prompt: 'debug-session' }, 'collaboration_type'],
    [{ prompt: 'setup-collaboration' }, 'toString'],
    [{ prompt: 'catch-up' }, 'to'],
    [{ resource: 'session://{session_id}' }, 'agent_id'],
    [{ resource: 'agent://{agent_id}/memory' }, 'session_id'],
  ] as const)('%o has no argument %s', async (ref, argument) => {
    expect(await door.complete({ ...ref, argument, value: '' })).toEqual([]);
  });

  it('completes what a prompt takes', async () => {
    const complete = (argument: string, value: string) =>
      door.complete({ prompt: 'setup-collaboration', argument, value });
    const rounds = Array.from({ length: 20 }, (_, index) => String(index + 1));
    expect(await complete('iteration_rounds', '')).toEqual(rounds);
    expect(await complete('iteration_rounds', '2')).toEqual(['2', '20']);
    expect(await complete('collaboration_type', 'RE')).toEqual(['review']);
    expect(await complete('purpose', '')).toEqual([]);
    const agent = { resource: 'agent://{agent_id}/memory', argument: 'agent_id', value: 'a' };
    expect(await door.complete(agent)).toEqual(['alice']);
  });

  it.each([
    ['purpose', ' '],
    ['purpose', ''],
    ['expert_roles', ' , '],
    ['expert_roles', '\n'],
    ['session_id', ' '],
    ['iteration_rounds', ''],
  ])('refuses a prompt with %s = %j', async (name, value) => {
    const args = { purpose: 'a plan', expert_roles: 'one, two', [name]: value };
    const { code, error } = await refusalOf(door.prompt('setup-collaboration', args));
    expect(code).toBe(-32602);
    expect(error).toMatchObject({ code: 'INVALID_INPUT', context: { field: name, value } });
  });
});
