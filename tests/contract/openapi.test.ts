/** The description of the JSON API is true, whole and readable. */
import { createHash } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OpenApi } from '../../src/http/api/openapi/document.ts';
import { documentOf, operationsOf, schemaChecker } from '../_util/openapi.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
let document: OpenApi;
beforeAll(async () => {
  hub = await startTestHub();
  document = await documentOf(hub);
});
afterAll(() => hub[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}, key = ADMIN_KEY): Promise<Response> =>
  hub.request(path, { headers: { authorization: `Bearer ${key}`, ...headers } });

/** Routes that are no API: MCP has a description of its own, OAuth is not there, pages are for people. */
const ELSEWHERE = [/^ALL \/mcp/, /^ALL \/(\.well-known|register)/, /^[A-Z]+ \/(ui(\/|$)|$)/];
const MIDDLEWARE = /^ALL \/(\*|(api|auth)\/\*|metrics)$/;

it('is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate({ ...structuredClone(document) });
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(validator.version).toBe('3.1');
});

it('is routed by one expression: a pattern that it cannot hold makes every request slower', () => {
  expect(hub.hub.app.router.name).toBe('SmartRouter + RegExpRouter');
});

it('has every route of the hub, and no other', () => {
  const served = hub.hub.app.routes
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    .filter((route) => ![...ELSEWHERE, MIDDLEWARE].some((pattern) => pattern.test(route)));
  const described = operationsOf(document).map(({ method, path }) => `${method} ${path}`);
  expect([...new Set(served)].sort()).toEqual(described.sort());
});

it('calls each operation by a name of its own', () => {
  const ids = operationsOf(document).map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

it('has examples that are what their schemas say', () => {
  const check = schemaChecker(document);
  const wrong: string[] = [];
  const walk = (part: unknown, place: readonly string[]): void => {
    if (typeof part !== 'object' || part === null) return;
    const { schema, example } = part as { readonly schema?: unknown; readonly example?: unknown };
    if (schema !== undefined && example !== undefined) {
      const found = check([...place, 'schema'], example);
      wrong.push(...found.map((error) => `${place.join(' ')}: ${error}`));
    }
    for (const [name, value] of Object.entries(part))
      if (name !== 'schema' && name !== 'example') walk(value, [...place, name]);
  };
  walk(document, []);
  expect(wrong).toEqual([]);
});

it('has an example of each body and of each answer with one', () => {
  const bare = operationsOf(document).flatMap(({ operation }) => {
    const answers = Object.values(operation.responses).flatMap((answer) =>
      '$ref' in answer ? [] : Object.entries(answer.content ?? {}),
    );
    return [...Object.entries(operation.requestBody?.content ?? {}), ...answers]
      .filter(([type, { example }]) => type === 'application/json' && example === undefined)
      .map(() => operation.operationId);
  });
  expect(bare).toEqual([]);
});

it.each(['openapi.json', 'docs'])('shows %s to nobody without a credential', async (name) => {
  expect((await hub.request(`/api/v1/${name}`)).status).toBe(401);
  expect((await get(`/api/v1/${name}`, {}, AGENT_KEY)).status).toBe(200);
});

it.each(['openapi.json', 'docs', 'keys', 'guidance?guidance_type=security'])(
  'leaves %s out where the caller has it',
  async (name) => {
    const first = await get(`/api/v1/${name}`);
    const tag = first.headers.get('etag') ?? '';
    expect(tag).not.toBe('');
    expect((await first.text()).length).toBeGreaterThan(0);
    const again = await get(`/api/v1/${name}`, { 'if-none-match': tag });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    expect((await get(`/api/v1/${name}`, { 'if-none-match': '"other"' })).status).toBe(200);
  },
);

it('sends an answer again when it has changed', async () => {
  const tag = (await get('/api/v1/keys')).headers.get('etag') ?? '';
  await hub.makeKey('another');
  const again = await get('/api/v1/keys', { 'if-none-match': tag });
  expect(again.status).toBe(200);
  expect(await again.text()).toContain('another');
});

it('is a page that needs no script and nothing from elsewhere', async () => {
  const response = await get('/api/v1/docs');
  const page = await response.text();
  for (const { method, path, operation } of operationsOf(document)) {
    expect(page).toContain(`id="${operation.operationId}"`);
    expect(page).toContain(path);
    expect(page).toContain(method);
  }
  expect(page).not.toMatch(/<script|\son\w+=|\sstyle=|src=|https?:|@import|url\(/i);
  const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain(`style-src 'sha256-${hash}'`);
  expect(policy).toMatch(/^default-src 'none';/);
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  expect(links.filter((id) => !page.includes(`id="${id ?? ''}"`))).toEqual([]);
});
