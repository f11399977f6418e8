/** The examples of examples/plugins on a real hub. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { packageInfo } from '../../src/config/package.ts';
import { healthOfPlugin, sectionsOf } from '../_util/plugins.ts';
import { startTestHub, type TestHub } from '../_util/test-hub.ts';

const example = (name: string): string => path.join(packageInfo().root, 'examples', 'plugins', `${name}.mjs`);
const TOKEN = `ghp_${'a1B2'.repeat(9)}`;

let hub: TestHub | undefined;
afterEach(async () => {
  await hub?.[Symbol.asyncDispose]();
  hub = undefined;
});

async function start(name: string, settings: object = {}) {
  hub = await startTestHub({
    env: { PLUGINS: example(name) },
    pluginSections: sectionsOf({ [name]: { ...settings } }),
  });
  return hub.connect('2026', { agent: 'ann', type: 'coder' });
}

describe('redact', () => {
  it('takes secrets out of all that is stored', async () => {
    const ann = await start('redact', { patterns: ['PROJ-\\d+'] });
    const made = await ann.callTool('create_session', {
      purpose: `use ${TOKEN}`,
      metadata: { nested: [{ key: TOKEN }] },
      first_message: `first ${TOKEN}`,
    });
    const { session_id } = made.json;
    await ann.callTool('add_message', {
      session_id,
      content: `a ${TOKEN} and PROJ-12.`,
      metadata: { [TOKEN]: 1 },
    });
    await ann.callTool('add_message', { session_id, content: 'nothing to hide' });
    await ann.callTool('update_session', { session_id, metadata: { again: TOKEN } });
    await ann.callTool('set_memory', {
      key: 'k',
      value: { deep: ['-----BEGIN RSA PRIVATE KEY-----\nMIIB'] },
    });
    const session = await ann.callTool('get_session', { session_id });
    expect(session.text).not.toContain(TOKEN);
    expect(session.json).toMatchObject({
      session: { purpose: 'use [redacted]', metadata: { again: '[redacted]' } },
      messages: [
        { content: 'first [redacted]' },
        { content: 'a [redacted] and [redacted].', metadata: { '[redacted]': 1 } },
        { content: 'nothing to hide', metadata: {} },
      ],
    });
    expect((await ann.callTool('get_memory', { key: 'k' })).json).toMatchObject({
      value: { deep: ['[redacted]'] },
    });
  });

  it('refuses them where it is told to', async () => {
    const ann = await start('redact', { action: 'refuse' });
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
    const refused = await ann.callTool('add_message', { session_id, content: `take ${TOKEN}` });
    expect(refused.json).toMatchObject({
      code: 'INVALID_INPUT',
      error: 'content holds what looks like a secret; it was not stored.',
    });
    expect(refused.text).not.toContain(TOKEN);
    expect((await ann.callTool('get_messages', { session_id })).json['count']).toBe(0);
  });

  it('does not start with a pattern that is none', async () => {
    await expect(start('redact', { patterns: ['('] })).rejects.toThrow(
      'plugins.redact.patterns.0 is malformed (in hub.config.yaml, line 1): expected a regular expression.',
    );
  });
});

interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver that answers as it is told, the last answer for ever. */
async function receiver(...statuses: number[]) {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      deliveries.push({ headers: request.headers, body });
      response.writeHead((statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    deliveries,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('webhook', () => {
  const secret = 'a-secret-of-the-receiver';
  const quick = { secret, backoff_ms: 1, max_backoff_ms: 5 };

  it('posts each event, signed', async () => {
    await using there = await receiver(200);
    const ann = await start('webhook', {
      ...quick,
      url: there.url,
      events: ['message.added', 'session.created'],
    });
    await ann.callTool('create_session', { purpose: 'p', first_message: 'hello' });
    await vi.waitFor(() => expect(there.deliveries).toHaveLength(2), 10_000);
    const [{ headers: first }, { headers, body }] = there.deliveries as [Delivery, Delivery];
    expect(first['x-hub-event']).toBe('session.created');
    expect(JSON.parse(body)).toMatchObject({
      event: 'message.added',
      data: { message: { content: 'hello' } },
    });
    const signed = `${String(headers['x-hub-delivery'])}.${String(headers['x-hub-timestamp'])}.${body}`;
    expect(headers['x-hub-signature-256']).toBe(
      `sha256=${createHmac('sha256', secret).update(signed).digest('hex')}`,
    );
  });

  it('tries again, in order, under the same id, and says so in its health', async () => {
    await using there = await receiver(503, 429, 500, 200);
    const ann = await start('webhook', { ...quick, url: there.url });
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p', first_message: 'one' }))
      .json;
    await ann.callTool('add_message', { session_id, content: 'two' });
    await vi.waitFor(() => expect(there.deliveries).toHaveLength(5), 10_000);
    const contents = there.deliveries.map(({ body }) => /"content":"(\w+)"/.exec(body)?.[1]);
    expect(contents).toEqual(['one', 'one', 'one', 'one', 'two']);
    expect(new Set(there.deliveries.map(({ headers }) => headers['x-hub-delivery'])).size).toBe(2);
    await vi.waitFor(async () =>
      expect(await healthOfPlugin(hub!, 'webhook')).toMatchObject({
        status: 'healthy',
        reason: '0 waiting, 0 lost',
      }),
    );
  });

  it('gives up what is refused or was tried often enough, and goes on', async () => {
    await using there = await receiver(400, 500, 500, 200);
    const ann = await start('webhook', { ...quick, url: there.url, attempts: 2 });
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
    for (const content of ['refused', 'unlucky', 'taken'])
      await ann.callTool('add_message', { session_id, content });
    await vi.waitFor(() => expect(there.deliveries.at(-1)?.body).toContain('"taken"'), 10_000);
    await vi.waitFor(async () =>
      expect(await healthOfPlugin(hub!, 'webhook')).toMatchObject({ reason: '0 waiting, 2 lost' }),
    );
  });

  it('keeps no more than its queue holds, while messages go on', async () => {
    await using there = await receiver(503);
    const ann = await start('webhook', {
      ...quick,
      url: there.url,
      queue: 2,
      attempts: 20,
      backoff_ms: 60_000,
      max_backoff_ms: 60_000,
    });
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
    for (let i = 0; i < 5; i++) await ann.callTool('add_message', { session_id, content: `m${i}` });
    await vi.waitFor(
      async () =>
        expect(await healthOfPlugin(hub!, 'webhook')).toMatchObject({
          status: 'degraded',
          reason: 'not taken; 2 waiting, 2 lost',
        }),
      10_000,
    );
  });

  it('delivers what is left before the hub stops', async () => {
    await using there = await receiver(503, 200);
    const ann = await start('webhook', { ...quick, url: there.url, backoff_ms: 200, max_backoff_ms: 200 });
    await ann.callTool('create_session', { purpose: 'p', first_message: 'last words' });
    await vi.waitFor(() => expect(there.deliveries).toHaveLength(1), 10_000);
    await hub!.hub.close();
    expect(there.deliveries).toHaveLength(2);
  });
});
