/** Host names as they stand in URLs, `Host` headers and settings: lower case, IPv6 in brackets. */
import { isIPv6 } from 'node:net';

export interface HostName {
  readonly name: string;
  /** Null where none is written. */
  readonly port: string | null;
}

/** Names under which only this machine reaches itself. */
export const LOOPBACK_NAMES: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)(?::(\d{1,5}))?$/;

/** Reads `name`, `name:port` or `[v6]:port`; undefined if it is none of them. */
export function parseHost(text: string): HostName | undefined {
  const match = AUTHORITY.exec(text.toLowerCase());
  const name = match?.[1];
  if (match === null || name === undefined) return undefined;
  if (name.startsWith('[') && !isIPv6(name.slice(1, -1))) return undefined;
  if (match[3] !== undefined && Number(match[3]) > 65_535) return undefined;
  return { name, port: match[3] ?? null };
}

/** An address as it stands in a URL: IPv6 gets its brackets. */
export function urlHost(address: string): string {
  return isIPv6(address) ? `[${address.toLowerCase()}]` : address.toLowerCase();
}

/** Where a hub that listens there is reached; a wildcard stands for this machine. */
export function listeningUrl(at: {
  readonly host: string;
  readonly port: number;
  readonly tls?: object | null;
}): string {
  return `${at.tls == null ? 'http' : 'https'}://${urlHost(reachable(at.host))}:${at.port}`;
}

/** An address that one can be sent to: for a wildcard that of this machine. */
export function reachable(host: string): string {
  return isWildcard(host) ? (host.includes(':') ? '::1' : '127.0.0.1') : host;
}

/** Whether the address means every interface of the machine, so that nobody can be sent to it. */
export function isWildcard(address: string): boolean {
  return ['0.0.0.0', '::', '[::]', '::0'].includes(address);
}

/** Whether only this machine can reach the address. */
export function isLoopback(address: string): boolean {
  return LOOPBACK_NAMES.includes(urlHost(address)) || /^127\.\d+\.\d+\.\d+$/.test(address);
}
