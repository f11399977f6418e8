/** docs/getting-started.md, typed line by line: every command of it works, in the order in which it stands there. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

const GUIDE = readFileSync(new URL('../../docs/getting-started.md', import.meta.url), 'utf8');
const blocks = [...GUIDE.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
const [start, ...commands] = blocks.flatMap((block) => block.trim().split('\n'));

const share = temporaryFolder();
let hub: Schub | undefined;
afterAll(async () => {
  hub?.child.kill('SIGTERM');
  expect(await hub?.ended).toBe(0);
  rmSync(share, { recursive: true });
});

it('begins with the start of the hub, which becomes ready', async () => {
  expect(start).toBe('npm start');
  hub = runSchub({ args: ['serve'], share });
  expect(await hub.ready).toMatch(/^http:/);
});

it.each(commands)('%s', { timeout: 60_000 }, async (command) => {
  const [program, ...args] = command.split(' ');
  expect(program).toBe('scripts/schub');
  const run = runSchub({ args, share, env: { USER: 'ann' } });
  expect(await run.ended, run.stderr()).toBe(0);
  expect(run.stdout() + run.stderr()).not.toBe('');
});

it('says of agents what they can do, and the demo does nearly all of it', async () => {
  const said = new Set([...GUIDE.matchAll(/`([a-z]+_[a-z_]+)`/g)].map(([, tool = '']) => tool));
  const names = TOOLS.map(({ name }) => name);
  for (const tool of said) expect(names).toContain(tool);
  const run = runSchub({ args: ['demo', '--json'], share });
  expect(await run.ended, run.stderr()).toBe(0);
  const { steps } = JSON.parse(run.stdout()) as { steps: readonly { readonly tool: string }[] };
  const done = new Set(steps.map(({ tool }) => tool));
  expect([...said].filter((tool) => !done.has(tool))).toEqual(['set_memory']);
});

it('leaves nothing behind in the files of clients', () => {
  expect(() => readFileSync(path.join(share, '.claude.json'))).toThrow('ENOENT');
});
