/**
 * Changes that a browser asks for with the cookie of a login come from a page of the hub: they say where they come from, and
 * carry the token that only those pages are told.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { HubError } from '../errors.ts';
import { boundBody } from './body-limit.ts';
import type { HubEnv } from './types.ts';

export const CSRF_FIELD = 'csrf';
export const CSRF_HEADER = 'X-CSRF-Token';

const MAX_FORM_BYTES = 1_048_576;
const FORM = /^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i;

export function isChange(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
}

/** @throws HubError PERMISSION_DENIED */
export function demandSameOrigin(c: Context): void {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  if (site !== undefined ? site === 'same-origin' : origin !== undefined && origin === originOf(c)) return;
  throw notOurPage();
}

/** @throws HubError PERMISSION_DENIED */
export async function demandOwnPage(c: Context<HubEnv>, token: string): Promise<void> {
  demandSameOrigin(c);
  const shown = c.req.header(CSRF_HEADER) ?? (await fieldOf(c));
  if (shown === undefined || !isSame(shown, token)) throw notOurPage();
}

/** As the client wrote it: a proxy may speak another scheme to the hub. */
function originOf(c: Context): string | undefined {
  const host = c.req.header('host');
  const scheme = /^https?:/.exec(c.req.header('origin') ?? '')?.[0];
  return host === undefined || scheme === undefined ? undefined : `${scheme}//${host}`;
}

async function fieldOf(c: Context<HubEnv>): Promise<string | undefined> {
  if (!FORM.test(c.req.header('content-type') ?? '')) return undefined;
  // A credential is asked for before anything else looks at the body.
  boundBody(c, MAX_FORM_BYTES);
  const field = (await c.req.parseBody())[CSRF_FIELD];
  return typeof field === 'string' ? field : undefined;
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function notOurPage(): HubError {
  return new HubError('PERMISSION_DENIED', 'The request does not come from a page of this login.', {
    context: { needed: CSRF_HEADER },
    suggestions: ['Load the page again and repeat it there.'],
  });
}
