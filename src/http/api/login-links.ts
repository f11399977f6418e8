/** `POST /api/v1/login-links`: an address that logs a browser in to the dashboard, once, for an operator with the key at hand. */
import { z } from 'zod';
import { presentedCredential, refused } from '../../auth/authenticator.ts';
import { demand } from '../../features/permissions.ts';
import { isoTime } from '../../mcp/shapes.ts';
import { contextOf, parser } from './context.ts';
import { readArguments } from './arguments.ts';
import type { Endpoint } from './endpoint.ts';

const input = z.strictObject({});
const check = parser(input);

export const loginLinkEndpoint: Endpoint = {
  ...{ method: 'POST', path: '/login-links', id: 'createLoginLink', tag: 'Keys', permission: 'admin' },
  summary: 'An address that logs a browser in to the dashboard, once and within 10 minutes. Only for keys.',
  input,
  sample: {},
  output: {
    status: 201,
    schema: z.object({ url: z.string(), expires_at: z.string() }),
  },
  async answer(c, deps) {
    const ctx = await contextOf(c, deps);
    check(await readArguments(c, input));
    demand(ctx, 'admin');
    // Neither a token nor a cookie begets a login: it would outlive itself.
    const key = presentedCredential(c.req.raw.headers);
    if (key === undefined || c.get('credential')?.byToken === true) throw refused();
    const link = await deps.services.logins.link(key);
    if (link === undefined) throw refused();
    return c.json({ url: loginUrl(deps.publicUrl(), link.code), expires_at: isoTime(link.expiresAt) }, 201);
  },
};

export function loginUrl(publicUrl: string, code: string): string {
  return `${publicUrl}/ui/login/${code}`;
}
