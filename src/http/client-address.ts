/** The address of a request's client: the socket's, or what a trusted proxy says in `X-Forwarded-For`. */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import type { Context } from 'hono';

/** Where there is no socket, as in tests that ask the app itself. */
const UNKNOWN = 'unknown';
const IPV6_GROUPS = 8;
/** A network of its own is the least that a client of IPv6 gets, with more addresses than can be counted. */
const COUNTED_GROUPS = 4;

/**
 * Makes the reader of addresses. Of `X-Forwarded-For` counts the rightmost address that is no trusted proxy's, since all
 * left of it is what that client chose to send. An IPv6 address stands for its /64.
 */
export function clientAddress(trustProxy: readonly string[]): (c: Context) => string {
  const isTrusted = trustRule(trustProxy);
  return (c) => {
    const socket = plain(socketAddress(c) ?? '');
    if (socket === undefined) return UNKNOWN;
    if (!isTrusted(socket)) return network(socket);
    let client = socket;
    for (const text of (c.req.header('x-forwarded-for') ?? '').split(',').reverse()) {
      const address = plain(text.trim());
      if (address === undefined) break;
      client = address;
      if (!isTrusted(address)) break;
    }
    return network(client);
  };
}

function socketAddress(c: Context): string | undefined {
  const { incoming } = (c.env ?? {}) as { readonly incoming?: IncomingMessage };
  return incoming?.socket.remoteAddress;
}

function trustRule(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const text of networks) {
    const [address = '', bits] = text.split('/');
    const family = familyOf(address);
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => list.check(address, familyOf(address));
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');

/** Without a port, brackets, zone, and the prefix of IPv4 addresses on IPv6 sockets; undefined if it is no address. */
function plain(text: string): string | undefined {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/i, '');
  return isIP(address) === 0 ? undefined : address;
}

function network(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text = ''): string[] => (text === '' ? [] : text.split(':'));
  const zeros = tail === undefined ? 0 : IPV6_GROUPS - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(zeros).fill('0'), ...groups(tail)];
  return `${all.slice(0, COUNTED_GROUPS).join(':')}::/64`;
}
