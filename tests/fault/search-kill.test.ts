/** kill -9 while the index is being made: nothing is lost of it, and it is found from the first question on. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import { HUB_ADMIN_KEY, startHub } from '../_util/hub-process.ts';
import { expectAgreement, indexed } from '../_util/search-index.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub } from '../http/run-schub.ts';

const KILLS = 6;
const PER_RUN = 1500;
const LONGEST_MS = 600;

const authorization = `Bearer ${HUB_ADMIN_KEY}`;

function lines(run: number): string {
  return Array.from({ length: PER_RUN }, (_, i) =>
    JSON.stringify({
      id: `m${run}-${i}`,
      session: `talk-${i % 5}`,
      sender: 'Somebody',
      timestamp: new Date(Date.UTC(2024, 0, 1, 0, run, 0, i)).toISOString(),
      content: `run${run} line${i} ${'gravel and sand '.repeat(i % 10)}`,
    }),
  ).join('\n');
}

it('goes on where it was, and the command makes it anew', async () => {
  const share = temporaryFolder();
  const folder = join(share, 'shared-context-hub');
  const post = (url: string, run: number) =>
    fetch(`${url}/api/v1/import`, { method: 'POST', headers: { authorization }, body: lines(run) });
  const search = async (url: string, query: string): Promise<number> => {
    const client = await connectClient(url, '2026', { key: HUB_ADMIN_KEY, headers: { 'x-agent-id': 'op' } });
    const { json } = await client.callTool('search_context', { query, limit: 5 });
    await client.close();
    return (json['results'] as unknown[]).length;
  };

  for (let run = 0; run < KILLS; run++) {
    const hub = startHub(share);
    const url = await hub.ready;
    await search(url, 'gravel');
    if (run > 0) expect(await search(url, `run${run - 1} line${PER_RUN - 1}`)).toBeGreaterThan(0);
    expect((await post(url, run)).status).toBe(200);
    expect(await search(url, `run${run} line${PER_RUN - 1}`)).toBeGreaterThan(0);
    await delay(Math.random() * LONGEST_MS);
    await hub.kill();
  }

  const hub = startHub(share);
  const url = await hub.ready;
  const ask = (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, init);
  await indexed(ask, HUB_ADMIN_KEY);
  expectAgreement(folder);

  const command = runSchub({ args: ['reindex', '--json'], share, env: { ADMIN_API_KEY: HUB_ADMIN_KEY } });
  expect(await command.ended, command.stderr()).toBe(0);
  expect(JSON.parse(command.stdout())).toMatchObject({ state: 'ready', indexed: KILLS * PER_RUN + 5 });
  expectAgreement(folder);
  expect(await hub.stop()).toBe(0);
  expectAgreement(folder);
  rmSync(share, { recursive: true, force: true });
}, 120_000);
