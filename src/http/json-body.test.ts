import { expect, it } from 'vitest';
import { appWith, json } from '../../tests/http/harness.ts';
import { MAX_JSON_DEPTH } from '../lib/json-depth.ts';
import { readJson } from './json-body.ts';

const app = appWith().post('/', async (c) => c.json({ got: await readJson(c) }));
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

it.each(['{"a":[1,"]]]"]}', '0', 'null', nested(MAX_JSON_DEPTH)])('reads %s', async (body) => {
  const response = await app.request('/', { method: 'POST', body });
  expect(await json(response)).toEqual({ got: JSON.parse(body) as unknown });
});

it.each([
  ['nothing', '', 'The body is not JSON.'],
  ['half of it', '{"a":', 'The body is not JSON.'],
  ['one level too many', nested(MAX_JSON_DEPTH + 1), 'The body nests deeper than 64 levels.'],
  ['a million levels', '['.repeat(1_000_000), 'The body nests deeper than 64 levels.'],
])('refuses %s', async (_name, body, error) => {
  const response = await app.request('/', { method: 'POST', body });
  expect(response.status).toBe(400);
  expect(await json(response)).toMatchObject({ code: 'INVALID_INPUT', error, context: { field: 'body' } });
});
