/** An agent that speaks 2025 without a client: what the wire sees of one key and one agent id, over a fixture of its own. */
import { expect, vi } from 'vitest';
import { createMcpFixture, type FixtureOptions, type McpFixture } from './mcp-fixture.ts';
import { bodyless, initialize, type RawRequest, rawRequest } from './raw-mcp.ts';

const ann = { 'x-agent-id': 'Ann' };

export class RawAgent implements AsyncDisposable {
  readonly fixture: McpFixture;

  constructor(options: FixtureOptions = {}) {
    this.fixture = createMcpFixture(options);
  }

  get engine(): McpFixture['engines']['legacy'] {
    return this.fixture.engines.legacy;
  }

  async fetch(request: Request): Promise<Response> {
    return this.fixture.app.fetch(request);
  }

  async initialize(options: Partial<RawRequest> = {}): Promise<Response> {
    return this.fetch(initialize({ headers: ann, ...options }));
  }

  /** Opens a session and answers its id. */
  async open(options: Partial<RawRequest> = {}): Promise<string> {
    const response = await this.initialize(options);
    expect(response.status).toBe(200);
    return response.headers.get('mcp-session-id') ?? '';
  }

  /** Sends one message, `tools/list` if nothing else is said. */
  async send(sessionId: string | undefined, options: Partial<RawRequest> = {}): Promise<Response> {
    return this.fetch(rawRequest('2025', { method: 'tools/list', sessionId, headers: ann, ...options }));
  }

  async stream(sessionId: string | undefined, signal?: AbortSignal): Promise<Response> {
    return this.fetch(
      bodyless('GET', sessionId, { headers: ann, ...(signal === undefined ? {} : { signal }) }),
    );
  }

  async end(sessionId: string | undefined): Promise<Response> {
    return this.fetch(bodyless('DELETE', sessionId, { headers: ann }));
  }

  /** Waits until so many calls of the tool `slow` run. */
  async running(count: number): Promise<void> {
    await vi.waitUntil(() => this.fixture.seen.running.size === count, { interval: 1 });
  }

  expectNothingLeft(): void {
    expect(this.engine.sessions.size).toBe(0);
    expect(this.engine.fastmcpSessions).toBe(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fixture[Symbol.asyncDispose]();
  }
}
