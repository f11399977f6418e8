/** The keys of the settings: changed, revoked, exchanged, or taken from another key. */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHub } from '../../src/hub.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import {
  ADMIN_KEY,
  AGENT_KEY,
  BASE_URL,
  startTestHub,
  temporaryFolder,
  testConfig,
} from '../_util/test-hub.ts';

const NEW_KEY = 'schk_another-agent-key-0123456789abcdef';
let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The statuses that a hub with these keys of the settings answers to other keys. */
async function statuses(apiKey: string, adminApiKey: string, asked: readonly string[]): Promise<number[]> {
  const secrets = { apiKey, adminApiKey, jwtSecretKey: 'test-secret-0123456789-0123456789-abc' };
  const log = createLogger({ level: 'silent', format: 'json' });
  const hub = await createHub(testConfig(folder), secrets, { version: '0', log });
  try {
    const answers = asked.map(async (key) => {
      const headers = { authorization: `Bearer ${key}`, host: new URL(BASE_URL).host };
      return (await hub.app.fetch(new Request(`${BASE_URL}/api/v1/keys`, { headers }))).status;
    });
    return await Promise.all(answers);
  } finally {
    await hub.close();
  }
}

it('a changed one replaces the old, which may have been revoked', async () => {
  const first = await startTestHub({ folder });
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  await first.request('/api/v1/keys/key_agent', { method: 'DELETE', headers });
  await first[Symbol.asyncDispose]();
  expect(await statuses(AGENT_KEY, ADMIN_KEY, [AGENT_KEY, ADMIN_KEY])).toEqual([401, 200]);
  expect(await statuses(NEW_KEY, ADMIN_KEY, [AGENT_KEY, NEW_KEY, ADMIN_KEY])).toEqual([401, 403, 200]);
});

it('can be exchanged', async () => {
  expect(await statuses(AGENT_KEY, ADMIN_KEY, [AGENT_KEY, ADMIN_KEY])).toEqual([403, 200]);
  expect(await statuses(ADMIN_KEY, AGENT_KEY, [AGENT_KEY, ADMIN_KEY])).toEqual([200, 403]);
});

it('cannot be the text of another key', async () => {
  const first = await startTestHub({ folder });
  const taken = await first.makeKey('reviewer');
  await first[Symbol.asyncDispose]();
  await expect(statuses(taken, ADMIN_KEY, [])).rejects.toThrow(
    'API_KEY is the text of the key reviewer already; set another one.',
  );
  expect(await statuses(AGENT_KEY, ADMIN_KEY, [ADMIN_KEY])).toEqual([200]);
});
