/** Refuses requests that were meant for another name: DNS rebinding ends here, before anything is parsed. */
import { HubError } from '../errors.ts';
import type { Link } from './chain.ts';
import type { HostRule } from './host-rules.ts';

export interface HostGuardOptions {
  readonly isOurs: HostRule;
}

const AUTHORITY = /^[a-z]+:\/\/([^/?#]*)/i;
const SHOWN = 100;

export function hostGuard({ isOurs }: HostGuardOptions): Link {
  return (c, next) => {
    const host = c.req.header('host');
    if (host === undefined || !isOurs(host)) throw refused(host);
    // A target such as `GET http://other/ HTTP/1.1` names the host a second time.
    const target = AUTHORITY.exec(c.req.url)?.[1];
    if (target === undefined || (target !== host && !isOurs(target))) throw refused(target);
    return next();
  };
}

function refused(host: string | undefined): HubError {
  const shown = host === undefined ? null : host.slice(0, SHOWN);
  const message =
    shown === null
      ? 'The request has no Host header.'
      : `The hub does not answer under the name ${JSON.stringify(shown)}.`;
  return new HubError('PERMISSION_DENIED', message, {
    context: { header: 'Host', value: shown },
    suggestions: ["Use the hub's own address, or let its operator add the name to ALLOWED_HOSTS."],
  });
}
