import { describe, expect, it } from 'vitest';
import { appWith, json } from '../../tests/http/harness.ts';
import { limitBody } from './body-limit.ts';
import { isImport } from './routes.ts';

const MAX = 1_000;
const app = appWith(limitBody({ maxBytes: () => MAX, exempt: isImport }))
  .post('*', async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)))
  .get('*', (c) => c.text('read'));

/** A body without a declared length, in pieces; counts what was taken of it. */
function pieces(count: number, size: number): { body: ReadableStream<Uint8Array>; taken: () => number } {
  let taken = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (taken === count) {
        controller.close();
        return;
      }
      taken += 1;
      controller.enqueue(new Uint8Array(size));
    },
  });
  return { body, taken: () => taken };
}

function send(
  path: string,
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, headers, duplex: 'half' };
  return Promise.resolve(app.request(path, init));
}

describe('limitBody', () => {
  it.each([0, 1, MAX])('lets through %i bytes, declared or not', async (size) => {
    const body = new Uint8Array(size);
    expect(await (await send('/x', body)).text()).toBe(String(size));
    expect(await (await send('/x', body, { 'Content-Length': String(size) })).text()).toBe(String(size));
    expect(await (await send('/x', pieces(size, 1).body)).text()).toBe(String(size));
  });

  it('refuses a longer one with the error object', async () => {
    const response = await send('/x', new Uint8Array(MAX + 1), { 'Content-Length': String(MAX + 1) });
    expect(response.status).toBe(413);
    expect(await json(response)).toMatchObject({
      code: 'CONTENT_TOO_LARGE',
      number: 'VALIDATION_002',
      error: 'The body is larger than 1000 bytes.',
      context: { field: 'body', expected: 'at most 1000 bytes' },
    });
  });

  it('stops reading one of no declared length soon after the limit', async () => {
    const { body, taken } = pieces(1_000_000, 100);
    expect((await send('/x', body)).status).toBe(413);
    expect(taken()).toBeLessThan(20);
  });

  it.each(['', 'x', '-1', '1e9', '0x10'])('refuses the declared length %j', async (length) => {
    expect((await send('/x', new Uint8Array(MAX + 1), { 'Content-Length': length })).status).toBe(413);
  });

  it('counts where a length is declared beside a transfer encoding', async () => {
    const headers = { 'Content-Length': '1', 'Transfer-Encoding': 'chunked' };
    expect((await send('/x', pieces(MAX + 1, 1).body, headers)).status).toBe(413);
  });

  it('spares the import, and nothing that looks like it', async () => {
    const long = (): Uint8Array<ArrayBuffer> => new Uint8Array(MAX * 5);
    expect((await send('/api/v1/import', long())).status).toBe(200);
    for (const path of ['/api/v1/import/', '/api/v1/imports', '/api/v1/x/import', '/import']) {
      expect((await send(path, long())).status).toBe(413);
    }
  });

  it('leaves a GET alone', async () => {
    expect((await app.request('/x')).status).toBe(200);
  });
});
