/** The login of a browser as a credential: for the doors that pages of the hub use, and for no others. */
import { hash } from 'node:crypto';
import { csrfTokenOf, type LoginService } from '../features/logins/service.ts';
import { credentialOf, presentedCredential, refused } from './authenticator.ts';
import type { Authenticator } from './types.ts';

/** Cookies do not tell ports apart; hubs on one machine must not take each other's. `epoch` is the database's. */
export function cookieNameOf(epoch: string): string {
  return `schub_${hash('sha256', epoch).slice(0, 12)}`;
}

export function cookieOf(headers: Headers, name: string): string | undefined {
  const pairs = (headers.get('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** An authenticator that takes the cookie of a login where a request shows no other credential. */
export function withCookie(
  authenticator: Authenticator,
  logins: Pick<LoginService, 'verify'>,
  name: string,
): Authenticator {
  return {
    ...authenticator,
    async verify(headers, address) {
      const cookie = cookieOf(headers, name);
      if (cookie === undefined || presentedCredential(headers) !== undefined)
        return authenticator.verify(headers, address);
      const login = await logins.verify(cookie);
      if (login === undefined) throw refused();
      return { ...credentialOf(login.key), until: login.until, login: { csrfToken: csrfTokenOf(cookie) } };
    },
  };
}
