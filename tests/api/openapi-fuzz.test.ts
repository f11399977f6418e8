/**
 * Requests made from the OpenAPI document alone, good and bad: no answer is a failure of the hub, and each is what the document
 * says. `RUNS` is how many in all, `SEED` repeats a run.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/http/api/endpoints.ts';
import { OUTSIDE } from '../../src/http/api/openapi/outside.ts';
import { describeApi } from '../../src/http/api/openapi/routes.ts';
import { answerChecker, documentOf, operationsOf, type Described } from '../_util/openapi.ts';
import { fillHub, requestsOf, type Asked, type Pool } from '../_util/openapi-requests.ts';
import { startTestHub, type TestHub } from '../_util/test-hub.ts';

const RUNS = Number(process.env['RUNS'] ?? 400);
const SEED = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff);

let hub: TestHub;
let pool: Pool;
let operations: readonly Described[];
let check: ReturnType<typeof answerChecker>;
let requests = 0;
const statuses = new Map<string, Map<number, number>>();

beforeAll(async () => {
  hub = await startTestHub({ env: { MAX_STREAMS_PER_KEY: '10000' } });
  pool = await fillHub(hub);
  const document = await documentOf(hub);
  operations = operationsOf(document);
  check = answerChecker(document);
});
afterAll(async () => {
  const table = [...statuses].map(([id, of]) => `${id} ${JSON.stringify(Object.fromEntries(of))}`);
  if (process.env['RUNS'] !== undefined) process.stdout.write(`${table.join('\n')}\n`);
  process.stdout.write(`API fuzz: ${requests} requests, SEED=${SEED}\n`);
  await hub[Symbol.asyncDispose]();
});

const named = (id: string): Described => {
  const found = operations.find(({ operation }) => operation.operationId === id);
  if (found === undefined) throw new Error(`${id} is not described`);
  return found;
};

/** What is wrong with the answer. */
async function ask(described: Described, { path, init }: Asked): Promise<string[]> {
  requests++;
  const id = described.operation.operationId;
  const response = await hub.request(path, init);
  const text = await textOf(response);
  const counts = statuses.get(id) ?? new Map<number, number>();
  statuses.set(id, counts.set(response.status, (counts.get(response.status) ?? 0) + 1));
  pool.learn(id, text);
  const wrong = check(described, response, text);
  if (response.status >= 500) wrong.push(`it is a failure: ${text.slice(0, 300)}`);
  const requestId = response.headers.get('x-request-id');
  if (requestId === null) wrong.push('it has no request id');
  if (response.status >= 400 && !text.includes(`"request_id":"${String(requestId)}"`))
    wrong.push('its error has another request id');
  return wrong;
}

async function textOf(response: Response): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response.text();
  await response.body?.cancel();
  return '';
}

const ALL = [...ENDPOINTS, ...describeApi({ version: '', cookieName: '' }, ENDPOINTS), ...OUTSIDE].map(
  ({ id }) => id,
);

it('knows all operations', () => {
  expect(operations.map(({ operation }) => operation.operationId).sort()).toEqual([...ALL].sort());
});

describe.each(ALL)('%s', (id) => {
  it('does what its example asks', async () => {
    const described = named(id);
    const asked = requestsOf(described, pool).example();
    expect(await ask(described, asked)).toEqual([]);
    const success = [...(statuses.get(id)?.keys() ?? [])].find((status) => status < 300);
    expect(success, JSON.stringify(asked)).toBeDefined();
  });

  it('answers as it is described, whatever it is asked', { timeout: 30_000 + RUNS * 20 }, async () => {
    const described = named(id);
    const { any, resolve } = requestsOf(described, pool);
    await fc.assert(
      fc.asyncProperty(any, async (plan) => {
        const asked = resolve(plan);
        expect(await ask(described, asked), JSON.stringify(asked)).toEqual([]);
      }),
      { numRuns: Math.ceil(RUNS / ALL.length), seed: SEED },
    );
  });
});
