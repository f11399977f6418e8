/** Stands between a client and the hub, passes everything on and notes what goes by. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One HTTP request and how it was answered. */
export interface Seen {
  readonly http: string;
  readonly path: string;
  readonly status: number;
  /** The JSON-RPC method. */
  readonly method: string | undefined;
  /** The header of the protocol version. */
  readonly version: string | undefined;
  /** What the answer to `initialize` says. */
  readonly agreed: string | undefined;
}

export class Wire implements AsyncDisposable {
  readonly #server: Server;
  readonly #hub: URL;
  #seen: Seen[] = [];

  private constructor(hub: string) {
    this.#hub = new URL(hub);
    this.#server = createServer((incoming, outgoing) => void this.#pass(incoming, outgoing));
  }

  static async start(hub: string): Promise<Wire> {
    const wire = new Wire(hub);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    wire.#server.listen(0, '127.0.0.1', () => {
      resolve(undefined);
    });
    await promise;
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  get seen(): readonly Seen[] {
    return this.#seen;
  }

  /** The revision that the client and the hub came to use. */
  get era(): string | null {
    const agreed = this.#seen.findLast((one) => one.agreed !== undefined)?.agreed;
    const stateless = this.#seen.find((one) => one.status === 200 && one.method !== undefined)?.version;
    return agreed ?? stateless ?? null;
  }

  forget(): void {
    this.#seen = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method: http = 'GET', url: path = '/' } = incoming;
    const body = await textOf(incoming);
    const headers = { ...incoming.headers, host: this.#hub.host };
    const { hostname, port } = this.#hub;
    const onward = request({ hostname, port, path, method: http, headers }, (answer) => {
      const status = answer.statusCode ?? 0;
      const version = incoming.headers['mcp-protocol-version'];
      const [method] = /"method":"([^"]+)"/.exec(body.replaceAll('": "', '":"'))?.slice(1) ?? [];
      const note = (agreed?: string): void => {
        this.#seen.push({ http, path, status, method, version: version?.toString(), agreed });
      };
      outgoing.writeHead(status, answer.headers);
      // A stream may have nothing to say for long, and its reader waits for the headers.
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      if (method !== 'initialize') note();
      else void textOf(answer).then((text) => note(/"protocolVersion":"([^"]+)"/.exec(text)?.[1]));
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    onward.end(body);
  }
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch {
    // The other side has gone.
  }
  return Buffer.concat(chunks).toString();
}
