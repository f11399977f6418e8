/**
 * Stands in for the models of agents, so that they need no login: to the first question with the hub's tools at hand it answers
 * with a call of `create_session`, to anything else with a word. It speaks the three makers' protocols as far as it must.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Readonly<Record<string, unknown>>;

/** The tool and its arguments. */
const TOOL = 'create_session';
const ARGS = { purpose: 'made by a client under test' };

export class StandInModel implements AsyncDisposable {
  readonly #server: Server;
  #told: string | undefined;

  private constructor() {
    this.#server = createServer((incoming, outgoing) => void this.#answer(incoming, outgoing));
  }

  static async start(): Promise<StandInModel> {
    const model = new StandInModel();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    model.#server.listen(0, '127.0.0.1', () => {
      resolve(undefined);
    });
    await promise;
    return model;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** The request in which the client told the model what the tool had answered. */
  takeToolResult(): string {
    const told = this.#told ?? '';
    this.#told = undefined;
    return told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of incoming.setEncoding('utf8')) body += String(chunk);
    const path = incoming.url ?? '';
    const maker = MAKERS.find((one) => one.serves(path));
    if (maker === undefined) {
      outgoing.writeHead(404).end('{}');
      return;
    }
    const answered = maker.isToolResult(body);
    if (answered) this.#told = body;
    const call = !answered && body.includes(TOOL);
    const events = maker.events(call);
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) {
      const name = typeof event['type'] === 'string' ? `event: ${event['type']}\n` : '';
      outgoing.write(`${name}data: ${JSON.stringify(event)}\n\n`);
    }
    outgoing.end();
  }
}

interface Maker {
  readonly serves: (path: string) => boolean;
  readonly isToolResult: (body: string) => boolean;
  /** A call of the tool, or a last word. */
  readonly events: (call: boolean) => readonly Json[];
}

const claude: Maker = {
  serves: (path) => path.startsWith('/v1/messages'),
  isToolResult: (body) => body.includes('"tool_result"'),
  events: (call) => {
    const usage = { input_tokens: 1, output_tokens: 1 };
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'stand-in',
      content: [],
      usage,
    };
    const block = call
      ? { type: 'tool_use', id: 'toolu_1', name: `mcp__hub__${TOOL}`, input: {} }
      : { type: 'text', text: '' };
    const delta = call
      ? { type: 'input_json_delta', partial_json: JSON.stringify(ARGS) }
      : { type: 'text_delta', text: 'done' };
    return [
      { type: 'message_start', message },
      { type: 'content_block_start', index: 0, content_block: block },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: call ? 'tool_use' : 'end_turn' }, usage },
      { type: 'message_stop' },
    ];
  },
};

const codex: Maker = {
  serves: (path) => path.endsWith('/responses'),
  isToolResult: (body) => body.includes('"function_call_output"'),
  events: (call) => {
    const text = [{ type: 'output_text', text: 'done' }];
    const made = { call_id: 'call_1', namespace: 'mcp__hub', name: TOOL, arguments: JSON.stringify(ARGS) };
    const item = call
      ? { type: 'function_call', id: 'fc_1', ...made }
      : { type: 'message', id: 'msg_1', role: 'assistant', content: text };
    const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
    return [
      { type: 'response.created', response: { id: 'resp_1' } },
      { type: 'response.output_item.done', item },
      { type: 'response.completed', response: { id: 'resp_1', usage } },
    ];
  },
};

const gemini: Maker = {
  serves: (path) => path.includes(':streamGenerateContent'),
  isToolResult: (body) => body.includes('"functionResponse"'),
  events: (call) => {
    const part = call ? { functionCall: { name: `mcp_hub_${TOOL}`, args: ARGS } } : { text: 'done' };
    const candidate = { index: 0, finishReason: 'STOP', content: { role: 'model', parts: [part] } };
    const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 };
    return [{ candidates: [candidate], usageMetadata, modelVersion: 'stand-in' }];
  },
};

const MAKERS = [claude, codex, gemini];
