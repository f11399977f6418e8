/** Under which names the hub answers. Both guards ask here. */
import type { Config } from '../config/config.ts';
import { LOOPBACK_NAMES, isWildcard, parseHost, urlHost } from '../config/host.ts';

/** Whether `name` or `name:port`, as it stands in a Host header or an origin, is one of the hub's. */
export type HostRule = (authority: string) => boolean;

/**
 * The loopback names and the public address's, with any port; the configured ones with theirs, if they have one.
 * Only names are a defence here: a page that rebinds its name to this machine still sends that name.
 */
export function hostRule(http: Pick<Config['http'], 'host' | 'publicUrl' | 'allowedHosts'>): HostRule {
  const names = new Set(LOOPBACK_NAMES);
  const exact = new Set<string>();
  if (http.publicUrl !== null) names.add(new URL(http.publicUrl).hostname);
  else if (!isWildcard(http.host)) names.add(urlHost(http.host));
  for (const entry of http.allowedHosts) (parseHost(entry)?.port === null ? names : exact).add(entry);
  return (authority) => {
    const host = parseHost(authority);
    if (host === undefined) return false;
    return names.has(host.name) || (host.port !== null && exact.has(`${host.name}:${host.port}`));
  };
}
