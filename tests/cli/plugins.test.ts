/** Plugins in the process of a hub: as Node loads them, and what they let fall where nobody waits. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HUB_ADMIN_KEY, HUB_KEY, startHub, type HubProcess } from '../_util/hub-process.ts';
import { connectClient } from '../_util/connect-client.ts';
import { pluginText } from '../_util/plugins.ts';
import { temporaryFolder } from '../_util/test-hub.ts';

let share: string;
let hub: HubProcess | undefined;
beforeEach(() => {
  share = temporaryFolder();
  mkdirSync(path.join(share, 'shared-context-hub', 'plugins'), { recursive: true });
});
afterEach(async () => {
  await hub?.kill();
  rmSync(share, { recursive: true, force: true });
});

const put = (file: string, text: string): void =>
  writeFileSync(path.join(share, 'shared-context-hub', file), text);

async function partsOf(url: string): Promise<Record<string, string>> {
  const response = await fetch(`${url}/health/ready`);
  return ((await response.json()) as { parts: Record<string, string> }).parts;
}

it('goes on when a plugin throws or rejects where nobody waits, and switches it off', async () => {
  const late = `start() {
      const often = (what) => { for (let i = 0; i < 3; i++) setTimeout(what, 300 + 10 * i); };
      often(() => { throw new Error('a late throw'); });
      often(() => { Promise.reject(new Error('a late rejection')); });
    },`;
  put('plugins/late.mjs', pluginText('late', late));
  put(
    'plugins/sound.mjs',
    pluginText(
      'sound',
      `tools: { sound: { description: 'd', input: {}, output: {}, handler: () => ({}) } },`,
    ),
  );
  hub = startHub(share, { env: { LOG_FORMAT: 'json' } });
  const url = await hub.ready;
  await vi.waitFor(async () => expect((await partsOf(url))['plugin:late']).toBe('failed'), 20_000);
  const agent = await connectClient(url, '2026', { key: HUB_KEY, headers: { 'x-agent-id': 'ann' } });
  expect((await agent.callTool('sound')).json).toEqual({ success: true });
  const report = await fetch(`${url}/api/v1/health`, {
    headers: { authorization: `Bearer ${HUB_ADMIN_KEY}` },
  });
  expect(await report.text()).toContain(
    'switched off: something it did not wait for threw, 5 times in a row',
  );
  expect(hub.log()).not.toContain('a late throw');
  expect(await hub.stop()).toBe(0);
});

it('takes its section from hub.config.yaml, and does not start with a wrong one', async () => {
  put(
    'plugins/greet.mjs',
    pluginText(
      'greet',
      `config: z.object({ word: z.string() }),
    tools: { greet: { description: 'd', input: {}, output: { word: z.string() }, handler: (_, { config }) => config } },`,
    ),
  );
  put('hub.config.yaml', `plugins:\n  greet:\n    word: \${WORD}\n`);
  hub = startHub(share, { env: { WORD: 'hello' } });
  const agent = await connectClient(await hub.ready, '2026', {
    key: HUB_KEY,
    headers: { 'x-agent-id': 'ann' },
  });
  expect((await agent.callTool('greet')).json).toEqual({ success: true, word: 'hello' });
  expect(await hub.stop()).toBe(0);
  put('hub.config.yaml', `plugins:\n  greet:\n    wrod: hello\n`);
  hub = startHub(share);
  await expect(hub.ready).rejects.toThrow();
  expect(await hub.ended).toBe(1);
  expect(hub.log()).toMatch(
    /"wrod" is not a setting of plugin greet \(in .*hub\.config\.yaml, line 2\); did you mean word\?/,
  );
});
