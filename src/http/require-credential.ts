/** Lets in only requests with a valid credential, and remembers it for the route. */
import type { Context } from 'hono';
import type { Authenticator, Credential } from '../auth/types.ts';
import type { Link } from './chain.ts';
import { demandOwnPage, isChange } from './same-page.ts';
import type { HubEnv } from './types.ts';

export interface RequireCredentialOptions {
  readonly auth: Pick<Authenticator, 'verify'>;
  readonly addressOf: (c: Context) => string;
}

/** @param needs Which paths are not for strangers. */
export function requireCredential(
  options: RequireCredentialOptions,
  needs: (path: string) => boolean = () => true,
): Link {
  return (c, next) => (needs(c.req.path) ? verifyOnce(c, options).then(() => next()) : next());
}

/** The credential of a request, verified now unless it has been. @throws HubError AUTHENTICATION_FAILED, RATE_LIMITED, PERMISSION_DENIED for a change by cookie alone */
export async function verifyOnce(
  c: Context<HubEnv>,
  { auth, addressOf }: RequireCredentialOptions,
): Promise<Credential> {
  const known = c.get('credential');
  if (known !== undefined) return known;
  const credential = await auth.verify(c.req.raw.headers, addressOf(c));
  if (credential.login !== undefined && isChange(c.req.method))
    await demandOwnPage(c, credential.login.csrfToken);
  c.set('credential', credential);
  return credential;
}
