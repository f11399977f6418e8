/** Requests as Python's mcp-proxy makes them (X-API-Key, a slash at the end), written by hand: it is not to be had everywhere. */
import { type ClientTest, madeSession, must, type Stage } from './client-test.ts';

const REVISION = '2025-11-25';
const CLIENT_INFO = { name: 'mcp', version: '0.1.0' };

class Replay {
  readonly #url: string;
  #headers: Record<string, string>;

  constructor({ base, key }: Stage) {
    this.#url = `${base}/mcp/`;
    this.#headers = {
      'x-api-key': key,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'user-agent': 'python-httpx/0.28.1',
    };
  }

  async http(method: string, body?: object): Promise<Response> {
    const init = { method, headers: this.#headers, redirect: 'manual' as const };
    return fetch(this.#url, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  }

  /** Sends one message; resolves with the text of its answer. */
  async rpc(status: number, id: number | null, method: string, params?: object): Promise<string> {
    const message = { method, ...(params === undefined ? {} : { params }), jsonrpc: '2.0' };
    const response = await this.http('POST', id === null ? message : { ...message, id });
    const text = await response.text();
    must(response.status === status, `${method} was answered ${String(response.status)}`, text);
    const session = response.headers.get('mcp-session-id');
    if (method === 'initialize' && session !== null)
      this.#headers = { ...this.#headers, 'mcp-session-id': session, 'mcp-protocol-version': REVISION };
    return text;
  }
}

export const replayTest: ClientTest = {
  name: 'mcp-proxy, replayed',
  era: REVISION,
  async run(stage) {
    const replay = new Replay(stage);
    await replay.rpc(200, 0, 'initialize', {
      protocolVersion: REVISION,
      capabilities: {},
      clientInfo: CLIENT_INFO,
    });
    await replay.rpc(202, null, 'notifications/initialized');
    const stream = await replay.http('GET');
    must(stream.status === 200, 'the stream was answered', String(stream.status));
    const listed = await replay.rpc(200, 1, 'tools/list');
    must(listed.includes('"create_session"'), 'tools', listed);
    const args = { purpose: 'made by a replay' };
    madeSession(await replay.rpc(200, 2, 'tools/call', { name: 'create_session', arguments: args }));
    await stream.body?.cancel();
    const ended = await replay.http('DELETE');
    must(ended.status === 200, 'the end was answered', String(ended.status));
    return { version: '–', did: 'X-API-Key to /mcp/, no redirect; called create_session' };
  },
};
