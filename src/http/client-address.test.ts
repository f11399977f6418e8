import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { clientAddress } from './client-address.ts';

async function seen(
  trust: readonly string[],
  socket: string | undefined,
  forwarded?: string,
): Promise<string> {
  const addressOf = clientAddress(trust);
  const app = new Hono();
  app.get('/', (c) => c.text(addressOf(c)));
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const env = socket === undefined ? {} : { incoming: { socket: { remoteAddress: socket } } };
  return (await app.request('/', { headers }, env)).text();
}

const PROXY = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'];

it.each([
  ['a socket', [], '203.0.113.9', undefined, '203.0.113.9'],
  ['a socket of both families', [], '::ffff:203.0.113.9', undefined, '203.0.113.9'],
  ['IPv6, by its network', [], '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
  ['IPv6, short', [], '2001:db8::1', undefined, '2001:db8:0:0::/64'],
  ['IPv6, link-local', [], 'fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
  ['IPv6, loopback', [], '::1', undefined, '0:0:0:0::/64'],
  ['no socket', [], undefined, '203.0.113.1', 'unknown'],
  ['a stranger that forges', PROXY, '203.0.113.9', '203.0.113.1', '203.0.113.9'],
  ['nobody trusted', [], '10.0.0.1', '203.0.113.1', '10.0.0.1'],
  ['a proxy', PROXY, '10.1.2.3', '203.0.113.1', '203.0.113.1'],
  ['a proxy of both families', PROXY, '::ffff:10.1.2.3', '203.0.113.1', '203.0.113.1'],
  ['a proxy by its IPv6 network', PROXY, 'fd12::1', '203.0.113.1', '203.0.113.1'],
  ['a proxy without the header', PROXY, '10.1.2.3', undefined, '10.1.2.3'],
  ['a proxy that adds to what was forged', PROXY, '10.1.2.3', '1.1.1.1, 2.2.2.2, 203.0.113.1', '203.0.113.1'],
  ['two proxies', PROXY, '10.1.2.3', '1.1.1.1, 203.0.113.1, 192.0.2.7', '203.0.113.1'],
  ['a forged proxy', PROXY, '10.1.2.3', '1.1.1.1, 10.9.9.9, 203.0.113.1', '203.0.113.1'],
  ['proxies alone', PROXY, '10.1.2.3', '10.4.4.4, 10.5.5.5', '10.4.4.4'],
  ['a port', PROXY, '10.1.2.3', '203.0.113.1:4711', '203.0.113.1'],
  ['IPv6 with a port', PROXY, '10.1.2.3', '[2001:db8:1:2::9]:4711', '2001:db8:1:2::/64'],
  ['what is no address', PROXY, '10.1.2.3', '203.0.113.1, unknown', '10.1.2.3'],
  ['what is no address, left', PROXY, '10.1.2.3', 'evil, 10.6.6.6', '10.6.6.6'],
  ['what is empty', PROXY, '10.1.2.3', '203.0.113.1,, ', '10.1.2.3'],
])('the client of %s', async (_name, trust, socket, forwarded, expected) => {
  expect(await seen(trust, socket, forwarded)).toBe(expected);
});
