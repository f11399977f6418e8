/** Refuses requests that a web page of somebody else sends. Clients that are no browsers send no Origin. */
import { HubError } from '../errors.ts';
import type { Link } from './chain.ts';
import type { HostRule } from './host-rules.ts';

export interface OriginGuardOptions {
  readonly isOurs: HostRule;
  /** Origins elsewhere that may call the hub, as browsers write them. */
  readonly corsOrigins: readonly string[];
}

const ORIGIN = /^https?:\/\/([^/?#@]+)$/i;
const SHOWN = 100;

export function originGuard({ isOurs, corsOrigins }: OriginGuardOptions): Link {
  return (c, next) => {
    const origin = c.req.header('origin');
    if (origin !== undefined && !corsOrigins.includes(origin.toLowerCase())) {
      const authority = ORIGIN.exec(origin)?.[1];
      if (authority === undefined || !isOurs(authority)) throw refused(origin);
    }
    return next();
  };
}

function refused(origin: string): HubError {
  const shown = origin.slice(0, SHOWN);
  return new HubError(
    'PERMISSION_DENIED',
    `Pages of the origin ${JSON.stringify(shown)} may not call the hub.`,
    {
      context: { header: 'Origin', value: shown },
      suggestions: ['Let the operator of the hub add the origin to CORS_ORIGINS if it is meant to call it.'],
    },
  );
}
