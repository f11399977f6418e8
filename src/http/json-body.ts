/** Reads a JSON body, of which the hub demands that it does not nest too deep. */
import type { Context } from 'hono';
import { invalid } from '../errors.ts';
import { MAX_JSON_DEPTH, jsonDepthExceeds } from '../lib/json-depth.ts';
import type { HubEnv } from './types.ts';

/**
 * An empty body is `empty`, where the route says what that means.
 * @throws HubError INVALID_INPUT if the body is no JSON or nests too deep.
 */
export async function readJson(c: Context<HubEnv>, empty?: object): Promise<unknown> {
  const text = await c.req.text();
  if (text === '' && empty !== undefined) return empty;
  const expected = `JSON of at most ${String(MAX_JSON_DEPTH)} levels`;
  if (jsonDepthExceeds(text, MAX_JSON_DEPTH)) {
    throw invalid('body', undefined, expected, {
      message: `The body nests deeper than ${String(MAX_JSON_DEPTH)} levels.`,
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid('body', undefined, expected, { message: 'The body is not JSON.' });
  }
}
