/** Access tokens as clients get them, and as forgers make them. */
import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import { lasting } from './scenario-doors.ts';
import { AGENT_KEY, type TestHub } from './test-hub.ts';

export interface Pair {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly scope: string;
}

export type Json = Record<string, unknown>;

export function postJson(hub: TestHub, path: string, body: unknown, key?: string): Promise<Response> {
  return hub.request(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
  });
}

export async function logIn(
  hub: TestHub,
  agent_id: string,
  options: Json = {},
  key = AGENT_KEY,
): Promise<Pair> {
  const response = await postJson(hub, '/auth/token', { agent_id, agent_type: 'claude', ...options }, key);
  const body = (await response.json()) as Pair;
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body;
}

export function refreshed(hub: TestHub, refresh_token: string): Promise<Response> {
  return postJson(hub, '/auth/refresh', { refresh_token });
}

/** Who a credential is, by asking for its own sessions. */
export function asBearer(
  hub: TestHub,
  token: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return hub.request('/api/v1/sessions', { headers: { authorization: `Bearer ${token}`, ...headers } });
}

/** What a request without any credential is answered, but for its id and time. */
export async function refusalBody(hub: TestHub): Promise<Json> {
  return lasting((await (await hub.request('/api/v1/sessions')).json()) as Json);
}

export async function expectRefused(hub: TestHub, response: Response, about?: string): Promise<void> {
  const body = (await response.json()) as Json;
  expect(response.status, `${about ?? ''} ${JSON.stringify(body)}`).toBe(401);
  expect(body['number'], about).toBe('AUTH_001');
  expect(lasting(body), about).toEqual(await refusalBody(hub));
}

export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export function partsOf(token: string): {
  readonly header: Json;
  readonly claims: Json;
  readonly parts: string[];
} {
  const parts = token.split('.');
  const [header, claims] = parts.map((part) => Buffer.from(part, 'base64url').toString());
  return { header: JSON.parse(header!) as Json, claims: JSON.parse(claims!) as Json, parts };
}

/** Signs what is given, be it JSON or text, as a hub with this secret would. */
export function sign(header: unknown, claims: unknown, secret: string | Buffer, hash = 'sha256'): string {
  const content = `${encode(header)}.${encode(claims)}`;
  return `${content}.${createHmac(hash, secret).update(content).digest('base64url')}`;
}
