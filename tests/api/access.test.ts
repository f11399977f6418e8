/** Every tool, asked by every kind of caller: what must and what must not be in the answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { MESSAGE_ROWS } from '../_util/scenario-access-messages.ts';
import { PLACE_ROWS } from '../_util/scenario-access-places.ts';
import { expectNothingHidden } from '../_util/scenario-access.ts';
import { ERAS } from '../_util/scenario-doors.ts';
import { CALLERS, startWorld, type World } from '../_util/scenario.ts';

const ROWS = [...MESSAGE_ROWS, ...PLACE_ROWS];

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

it('has a row for every tool', () => {
  const covered = new Set(ROWS.map(({ tool }) => tool));
  expect(TOOLS.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
});

describe.each(ERAS)('in era %s', (era) => {
  it.each(ROWS)('$tool: $how', async ({ tool, run }) => {
    for (const name of CALLERS) {
      const caller = world.callers[name];
      await run({
        world,
        caller,
        async call(args) {
          const answer = await caller.at[era].call(tool, args);
          expectNothingHidden(world, caller, answer.text);
          return answer;
        },
      });
    }
  });

  it.each(CALLERS)('%s is shown the tools its key may use', async (name) => {
    const permissions = name === 'reader' ? ['read'] : ['read', 'write', 'admin'];
    const isAdmin = ['admin', 'star', 'strangeAdmin'].includes(name);
    const expected = TOOLS.filter(
      ({ permission, wholeHub }) =>
        permissions.includes(permission) &&
        (permission !== 'admin' || isAdmin) &&
        (wholeHub !== true || name !== 'strangeAdmin'),
    );
    expect(await world.callers[name].at[era].tools()).toEqual(expected.map((tool) => tool.name));
  });
});
