/** The fixture's surface with all that engines can carry besides: words before the answer, watched resources, lists that change. */
import { HubError } from '../../src/errors.ts';
import type { RichCtx, RichSurface, RichToolDescriptor } from '../../src/mcp/engines/rich-surface.ts';
import { isRecord } from '../../src/mcp/engines/rpc.ts';
import { type McpSurface, UnknownName } from '../../src/mcp/surface.ts';

const marked: RichToolDescriptor = {
  name: 'marked',
  title: 'marked',
  description: 'A tool with arguments that are headers too.',
  inputSchema: {
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      deep: { type: 'object', properties: { size: { type: 'integer', 'x-mcp-header': 'Size' } } },
    },
  },
  annotations: {},
};

/** Tools that speak first: `speak` says and logs something, `hold` says something and then takes long. */
async function speak({ client }: RichCtx): Promise<void> {
  await client.progress(1, 2, 'half');
  await client.log('info', { text: 'in between' });
  await client.log('error', { text: 'at the end' });
}

export function enrich(surface: McpSurface): RichSurface {
  const lists = new Map<readonly RichToolDescriptor[], readonly RichToolDescriptor[]>();
  return {
    ...surface,
    announces: ['tools', 'prompts'],
    logs: true,
    listTools(principal, set) {
      const plain = surface.listTools(principal, set);
      const list = lists.get(plain) ?? [...plain, marked];
      lists.set(plain, list);
      return list;
    },
    async callTool(ctx, name, args) {
      if (name === 'marked') return { content: [{ type: 'text', text: '{}' }] };
      if (name !== 'speak' && name !== 'hold') return surface.callTool(ctx, name, args);
      await speak(ctx);
      if (name === 'speak') return { content: [{ type: 'image', data: 'AA==', mimeType: 'image/png' }] };
      return surface.callTool(ctx, 'slow', args);
    },
    async watchResource({ principal }, uri) {
      if (!uri.startsWith('session://')) throw new UnknownName(uri);
      if (uri.endsWith('-of-others')) throw new HubError('SESSION_NOT_FOUND', 'There is no such session.');
      if (principal.agentId === 'nobody') throw new HubError('PERMISSION_DENIED', 'Not for you.');
    },
  };
}

export interface Message {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Reads the messages of a stream of events one by one, while it goes on. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = '';

  constructor(response: Response) {
    if (response.headers.get('content-type') !== 'text/event-stream') throw new Error('no stream of events');
    if (response.body === null) throw new Error('no body');
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next message; undefined when the stream has ended. */
  async next(): Promise<Message | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const event = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data === undefined) continue;
        const message: unknown = JSON.parse(data);
        if (isRecord(message)) return message;
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  async rest(): Promise<Message[]> {
    const messages: Message[] = [];
    for (let next = await this.next(); next !== undefined; next = await this.next()) messages.push(next);
    return messages;
  }

  /** As a client does that wants no more. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}
