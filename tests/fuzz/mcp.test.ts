/**
 * MCP of both eras, spoilt with structure: no answer is a failure of the hub, none is missing, each error is of the table, and
 * the hub works afterwards. `RUNS` is how many, `SEED` repeats a run.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { setStage } from '../_util/scenario-calls.ts';
import { openDoor } from '../_util/scenario-doors.ts';
import { openSession, post } from '../_util/scenario-raw.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { mcpCases, type Ground } from './_util/mcp-cases.ts';
import { judge, type Tally } from './_util/verdict.ts';

const RUNS = Number(process.env['RUNS'] ?? 2000);
const SEED = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff);
const PER_RUN_MS = 100;
const agent = 'fuzz-agent';
const headers = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': agent };

let hub: TestHub;
let ground: Ground;
const tally: Tally = new Map();

beforeAll(async () => {
  hub = await startTestHub({ env: { MAX_STREAMS_PER_KEY: '100000', MAX_MCP_SESSIONS: '100000' } });
  const door = await openDoor(hub, '2026', { key: AGENT_KEY, agent });
  const stage = await setStage(door);
  const other = await setStage(door);
  const tools = await post(hub, '2026', {
    method: 'tools/list',
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  const { result } = (await tools.json()) as { result: { tools: Ground['tools'] } };
  ground = {
    ...{ stage, agent, tools: result.tools, session: await openSession(hub, headers) },
    keys: [
      AGENT_KEY,
      ADMIN_KEY,
      await hub.makeKey('reader', { permissions: ['read'] }),
      'schk_nonsense-0123456789abcdef',
    ],
    pool: {
      ...{
        session_id: [stage.sessionId, other.sessionId],
        message_id: [stage.messageId, 1, 9e9],
      },
      ...{ parent_message_id: [stage.messageId], thread_of: [stage.messageId], lease_id: [stage.leaseId] },
      ...{
        auth_token: [stage.token],
        current_token: [stage.token],
        to: [[agent, 'type:helper']],
        key: ['there', 'gone'],
      },
    },
  };
});
afterAll(async () => {
  process.stdout.write(`MCP fuzz: ${JSON.stringify(Object.fromEntries(tally))}, SEED=${SEED}\n`);
  await hub[Symbol.asyncDispose]();
});

it('knows every tool', () => {
  expect(ground.tools.length).toBeGreaterThan(20);
});

it(
  `answers ${RUNS} requests (SEED=${SEED}), and works afterwards`,
  async () => {
    const property = fc.asyncProperty(mcpCases(ground), async (asked) => {
      expect(await judge(hub, asked, tally)).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
    const door = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'afterwards' });
    const stage = await setStage(door);
    expect(await door.call('get_messages', { session_id: stage.sessionId })).toMatchObject({});
    expect((await hub.request('/health/ready')).status).toBe(200);
  },
  60_000 + RUNS * PER_RUN_MS,
);
