/** Resources, prompts and completions as doors: they show each caller what the tools show it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNothingHidden, sessionAsSeen, sessionOf } from '../_util/scenario-access.ts';
import { ERAS, lasting, refusalOf, type Door } from '../_util/scenario-doors.ts';
import {
  ADMINS,
  CALLERS,
  cellsOf,
  seenBy,
  startWorld,
  STRANGERS,
  type Caller,
  type World,
} from '../_util/scenario.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

interface DoorRow {
  /** Address, template or name as the hub lists it. */
  readonly covers: string;
  readonly run: (caller: Caller, door: Door, missing: number) => Promise<void>;
}

const isStranger = ({ name }: Caller): boolean => STRANGERS.includes(name);
const mainIds = (caller: Caller): number[] =>
  seenBy(world, caller.name)
    .filter(({ session }) => session === world.sessions.main)
    .map(({ id }) => id);
const asked = (caller: Caller) => ({ world, caller });
const parsed = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
const idsIn = (value: unknown): number[] => (value as { id: number }[]).map(({ id }) => id);

async function expectSessionMissing(ask: (id: string) => Promise<unknown>, code: number): Promise<void> {
  const [theirs, none] = [world.sessions.main, 'session_0123456789abcdef'];
  const refused = await refusalOf(ask(theirs));
  const missing = await refusalOf(ask(none));
  expect(refused).toMatchObject({ code, error: { code: 'SESSION_NOT_FOUND', number: 'RESOURCE_001' } });
  expect(JSON.stringify(lasting(refused.error)).replaceAll(theirs, none)).toBe(
    JSON.stringify(lasting(missing.error)),
  );
}

const resources: readonly DoorRow[] = [
  {
    covers: 'session://{session_id}',
    async run(caller, door, missing) {
      const read = (id: string): Promise<string> => door.read(`session://${id}`);
      if (isStranger(caller)) return expectSessionMissing(read, missing);
      const text = await read(world.sessions.main);
      expectNothingHidden(world, caller, text);
      const { session, message_count, messages } = parsed(text);
      const expected = sessionAsSeen(asked(caller), 'main');
      expect(sessionOf(session), caller.name).toEqual(expected);
      expect(message_count, caller.name).toBe(expected.message_count);
      expect(idsIn(messages), caller.name).toEqual(mainIds(caller));
      const quiet = parsed(await read(world.sessions.quiet));
      expect(sessionOf(quiet['session']), caller.name).toEqual(sessionAsSeen(asked(caller), 'quiet'));
    },
  },
  {
    covers: 'session://{session_id}/messages',
    async run(caller, door, missing) {
      const read = (id: string): Promise<string> => door.read(`session://${id}/messages`);
      if (isStranger(caller)) return expectSessionMissing(read, missing);
      const text = await read(world.sessions.main);
      expectNothingHidden(world, caller, text);
      const { messages, count } = parsed(text);
      expect(idsIn(messages), caller.name).toEqual(mainIds(caller));
      expect(count, caller.name).toBe(mainIds(caller).length);
    },
  },
  {
    covers: 'agent://{agent_id}/inbox',
    async run(caller, door, missing) {
      const inboxOf = async (agent: string) => parsed(await door.read(`agent://${agent}/inbox`));
      const own = await inboxOf(caller.agent.toUpperCase());
      expectNothingHidden(world, caller, JSON.stringify(own));
      expect(own, caller.name).toMatchObject({ unread: idsIn(own['messages']).length });
      if (caller.name === 'admin') {
        expect(idsIn((await inboxOf('alice'))['messages'])).toEqual(expect.any(Array));
        expect(await refusalOf(inboxOf('nobody'))).toMatchObject({
          code: missing,
          error: { code: 'AGENT_NOT_FOUND' },
        });
      }
      if ([...ADMINS, 'strangeAdmin'].includes(caller.name) || caller.agent === 'alice') return;
      const refused = await refusalOf(inboxOf('alice'));
      expect(refused.error, caller.name).toMatchObject({ code: 'PERMISSION_DENIED' });
      expect(lasting((await refusalOf(inboxOf('nobody'))).error)).toEqual(lasting(refused.error));
    },
  },
  {
    covers: 'agent://{agent_id}/memory',
    async run(caller, door, missing) {
      const keysOf = async (agent: string): Promise<string[]> =>
        (parsed(await door.read(`agent://${agent}/memory`))['entries'] as { key: string }[]).map(
          ({ key }) => key,
        );
      expect(await keysOf(caller.agent.toUpperCase()), caller.name).toEqual(
        caller.name === 'alice' ? OWN() : [],
      );
      if (caller.name === 'admin') {
        expect(await keysOf('alice')).toEqual(OWN());
        expect(await refusalOf(keysOf('nobody'))).toMatchObject({
          code: missing,
          error: { code: 'AGENT_NOT_FOUND' },
        });
      }
      if ([...ADMINS, 'strangeAdmin'].includes(caller.name) || caller.agent === 'alice') return;
      const refused = await refusalOf(keysOf('alice'));
      expect(refused.error, caller.name).toMatchObject({ code: 'PERMISSION_DENIED' });
      expect(lasting((await refusalOf(keysOf('nobody'))).error)).toEqual(lasting(refused.error));
    },
  },
  {
    covers: 'hub://info',
    async run(caller, door) {
      const info = parsed(await door.read('hub://info'));
      const { agent, type } = caller;
      const workspace = caller.name === 'star' ? 'all' : isStranger(caller) ? 'other' : 'default';
      expect(info, caller.name).toMatchObject({
        name: 'shared-context-hub',
        agent_id: agent,
        agent_type: type,
        workspace,
      });
    },
  },
  {
    covers: 'performance://metrics',
    async run(caller, door) {
      const read = () => door.read('performance://metrics');
      const isOperator = ADMINS.includes(caller.name);
      expect((await door.resources()).includes('performance://metrics'), caller.name).toBe(isOperator);
      if (isOperator) expect(parsed(await read()), caller.name).toMatchObject({ enabled: true });
      else expect((await refusalOf(read())).error, caller.name).toMatchObject({ code: 'PERMISSION_DENIED' });
    },
  },
  {
    covers: 'docs://tools',
    async run(caller, door) {
      const text = await door.read('docs://tools');
      const sections = [...text.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
      expect(sections, caller.name).toEqual(await door.tools());
    },
  },
];
const OWN = (): string[] =>
  cellsOf(world, 'alice')
    .filter(({ args }) => args.scope === 'agent')
    .map(({ key }) => key)
    .sort();

const prompts: DoorRow[] = [
  {
    covers: 'debug-session',
    async run(caller, door) {
      const ask = (session_id: string): Promise<string> => door.prompt('debug-session', { session_id });
      if (isStranger(caller)) return expectSessionMissing(ask, -32602);
      const text = await ask(world.sessions.main);
      expectNothingHidden(world, caller, text);
      for (const line of seenBy(world, caller.name).filter(
        ({ session }) => session === world.sessions.main,
      )) {
        expect(text, caller.name).toContain(line.canary);
      }
      const { message_count, participants } = sessionAsSeen(asked(caller), 'main');
      expect(text, caller.name).toContain(`"message_count":${message_count}`);
      expect(text.match(/"participants":\[([^\]]*)\]/)?.[1]?.split(',')).toHaveLength(participants.length);
    },
  },
  {
    covers: 'setup-collaboration',
    async run(caller, door) {
      const args = { purpose: 'mend it', expert_roles: 'tester, writer' };
      expect(await door.prompt('setup-collaboration', args)).toContain('mend it');
      const ask = (session_id: string): Promise<string> =>
        door.prompt('setup-collaboration', { ...args, session_id });
      if (isStranger(caller)) return expectSessionMissing(ask, -32602);
      const text = await ask(world.sessions.main);
      expect(text, caller.name).toContain(world.sessions.main);
      expectNothingHidden(world, caller, text);
    },
  },
];

for (const [covers, more] of [
  ['catch-up', {}],
  ['handoff', { to: 'whoever' }],
] as const) {
  prompts.push({
    covers,
    async run(caller, door) {
      const ask = (session_id: string): Promise<string> => door.prompt(covers, { session_id, ...more });
      if (isStranger(caller)) return expectSessionMissing(ask, -32602);
      const text = await ask(world.sessions.main);
      expect(text, caller.name).toContain(world.sessions.main);
      expectNothingHidden(world, caller, text);
    },
  });
}

const completions: readonly DoorRow[] = [
  {
    covers: 'to',
    async run(caller, door) {
      const all = await door.complete({ prompt: 'handoff', argument: 'to', value: '' });
      expect(all, caller.name).not.toContain(caller.agent);
      expectNothingHidden(world, caller, all.join(' '));
      if (!isStranger(caller)) {
        const met = sessionAsSeen(asked(caller), 'main').participants.filter((name) => name !== caller.agent);
        expect(all, caller.name).toEqual(
          expect.arrayContaining(met.filter((name) => /^[\w.@-]+$/.test(name))),
        );
      }
    },
  },
  {
    covers: 'session_id',
    async run(caller, door) {
      for (const ref of [{ prompt: 'debug-session' }, { resource: 'session://{session_id}' }]) {
        const complete = (value: string) => door.complete({ ...ref, argument: 'session_id', value });
        const all = await complete('session_');
        expect(all.includes(world.sessions.main), caller.name).toBe(!isStranger(caller));
        expect(all.includes(world.sessions.foreign), caller.name).toBe(
          isStranger(caller) || caller.name === 'star',
        );
        const shown = isStranger(caller) ? [] : [world.sessions.main];
        expect(await complete(world.sessions.main.slice(0, -1)), caller.name).toEqual(shown);
        expect(await complete('nothing')).toEqual([]);
      }
    },
  },
  {
    covers: 'agent_id',
    async run(caller, door) {
      const ref = { resource: 'agent://{agent_id}/memory', argument: 'agent_id' };
      expect(await door.complete({ ...ref, value: caller.agent.slice(0, 2).toUpperCase() })).toContain(
        caller.agent,
      );
      const all = [...(await door.complete({ ...ref, value: '' }))].sort();
      if (caller.name === 'admin')
        expect(all).toEqual(expect.arrayContaining(['alice', 'ghost', 'operator', 'rita']));
      else if (caller.name === 'strangeAdmin') expect(all).toEqual(['alice', 'operator']);
      else if (caller.name !== 'star') expect(all, caller.name).toEqual([caller.agent]);
    },
  },
];

describe.each(ERAS)('in era %s', (era) => {
  const missing = era === '2025' ? -32002 : -32602;

  it.each([...resources, ...prompts, ...completions])(
    '$covers shows each caller its own',
    async ({ covers, run }) => {
      expect(covers).not.toBe('');
      for (const name of CALLERS) await run(world.callers[name], world.callers[name].at[era], missing);
    },
  );

  it('has a row for every resource, template and prompt', async () => {
    const door = world.callers.admin.at[era];
    expect([...(await door.resources())].sort()).toEqual(resources.map(({ covers }) => covers).sort());
    expect([...(await door.prompts())].sort()).toEqual(prompts.map(({ covers }) => covers).sort());
  });

  it('refuses what is no resource or prompt, and arguments that make no sense', async () => {
    const door = world.callers.bob.at[era];
    for (const uri of [
      'session://',
      'file:///etc/passwd',
      'nonsense',
      'hub://info/x',
      'agent://a/b/memory',
    ]) {
      expect(await refusalOf(door.read(uri)), uri).toMatchObject({
        code: missing,
        error: { code: 'INVALID_INPUT', context: { field: 'uri', value: uri } },
      });
    }
    expect(await refusalOf(door.prompt('no-such', {}))).toMatchObject({ code: -32602 });
    const noId = await refusalOf(door.prompt('debug-session', {}));
    expect(noId).toMatchObject({
      code: -32602,
      error: { code: 'INVALID_INPUT', context: { field: 'session_id' } },
    });
    const more = await refusalOf(
      door.prompt('debug-session', { session_id: world.sessions.main, sender: 'x' }),
    );
    expect(more.error.context).toMatchObject({ field: 'sender' });
    const rounds = { purpose: 'p', expert_roles: 'r', iteration_rounds: '21' };
    const many = await refusalOf(door.prompt('setup-collaboration', rounds));
    expect(many.error.context).toMatchObject({ field: 'iteration_rounds', value: '21' });
  });
});
