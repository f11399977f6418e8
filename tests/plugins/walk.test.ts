/** The walk of docs/plugins.md: a newcomer adds a tool. The code is that of the page. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageInfo } from '../../src/config/package.ts';
import { ERAS } from '../_util/scenario-doors.ts';
import { startTestHub, temporaryFolder, type TestHub } from '../_util/test-hub.ts';

const page = readFileSync(path.join(packageInfo().root, 'docs', 'plugins.md'), 'utf8');
const code = (/```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '').replace(/^ {3}/gm, '');

let folder: string;
let hub: TestHub;
beforeAll(async () => {
  folder = temporaryFolder();
  mkdirSync(path.join(folder, 'plugins'));
  writeFileSync(path.join(folder, 'plugins', 'word-count.mjs'), code);
  hub = await startTestHub({ folder });
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

it('takes less than 30 lines', () => {
  expect(code).toContain('definePlugin');
  expect(code.trim().split('\n').length).toBeLessThan(30);
});

it.each(ERAS)('works in era %s, and counts what its caller sees', async (era) => {
  const ann = await hub.connect(era as '2026', { agent: 'ann', type: 'coder' });
  const bob = await hub.connect(era as '2026', { agent: 'bob', type: 'coder' });
  expect(await ann.listTools()).toContain('count_words');
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p', first_message: 'two words' }))
    .json;
  await ann.callTool('add_message', { session_id, content: 'three more words', visibility: 'private' });
  expect((await ann.callTool('count_words', { session_id })).json).toEqual({
    success: true,
    words: 5,
    messages: 2,
  });
  expect((await bob.callTool('count_words', { session_id })).json).toEqual({
    success: true,
    words: 2,
    messages: 1,
  });
});
