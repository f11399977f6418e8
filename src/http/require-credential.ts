/** Lets in only requests with a valid credential, and remembers it for the route. */
import type { Context, MiddlewareHandler } from 'hono';
import type { Authenticator, Credential } from '../auth/types.ts';
import type { HubEnv } from './types.ts';

export interface RequireCredentialOptions {
  readonly auth: Pick<Authenticator, 'verify'>;
}

export function requireCredential({ auth }: RequireCredentialOptions): MiddlewareHandler<HubEnv> {
  return async (c, next) => {
    await verifyOnce(c, auth);
    await next();
  };
}

/** The credential of a request, verified now unless it has been. @throws HubError AUTHENTICATION_FAILED */
export async function verifyOnce(
  c: Context<HubEnv>,
  auth: RequireCredentialOptions['auth'],
): Promise<Credential> {
  const known = c.get('credential');
  if (known !== undefined) return known;
  const credential = await auth.verify(c.req.raw.headers);
  c.set('credential', credential);
  return credential;
}
