/** One agent's connection, with every way of asking the hub over MCP in one shape for both eras. */
import { expect } from 'vitest';
import { ERRORS, type ErrorCode, type ErrorObject } from '../../src/errors.ts';
import type { ClientEra, ToolAnswer } from './connect-client.ts';
import type { TestHub } from './test-hub.ts';

export const ERAS: readonly ClientEra[] = ['2025', '2026'];

export interface CompletionRef {
  readonly prompt?: string;
  readonly resource?: string;
  readonly argument: string;
  readonly value: string;
}

/** A refusal by the protocol: JSON-RPC code and the error object it carries. */
export interface Refusal {
  readonly code: number;
  readonly error: ErrorObject;
}

export interface Door {
  call(tool: string, args?: Record<string, unknown>): Promise<ToolAnswer>;
  /** The text of a resource. */
  read(uri: string): Promise<string>;
  /** The text of a prompt. */
  prompt(name: string, args: Record<string, string>): Promise<string>;
  complete(ref: CompletionRef): Promise<readonly string[]>;
  tools(): Promise<readonly string[]>;
  /** Addresses of the fixed resources and of the templates. */
  resources(): Promise<readonly string[]>;
  prompts(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface DoorOptions {
  readonly key: string;
  readonly agent?: string;
  readonly type?: string;
}

export async function openDoor(hub: TestHub, era: ClientEra, options: DoorOptions): Promise<Door> {
  // The two SDKs agree in these methods, but their types are not one.
  const connected = era === '2025' ? await hub.connect('2025', options) : await hub.connect('2026', options);
  const client = connected.client as Asker;
  // A client that has seen the tools checks every structured answer against its schema, and throws where one is missing.
  await connected.listTools();
  return {
    call: (tool, args) => connected.callTool(tool, args),
    async read(uri) {
      return (await client.readResource({ uri })).contents.map(({ text }) => text ?? '').join('');
    },
    async prompt(name, args) {
      const { messages } = await client.getPrompt({ name, arguments: args });
      return messages.map(({ content }) => content.text ?? '').join('');
    },
    async complete({ prompt, resource, argument, value }) {
      const ref =
        prompt === undefined
          ? ({ type: 'ref/resource', uri: resource ?? '' } as const)
          : ({ type: 'ref/prompt', name: prompt } as const);
      return (await client.complete({ ref, argument: { name: argument, value } })).completion.values;
    },
    tools: () => connected.listTools(),
    async resources() {
      const fixed = await client.listResources();
      const { resourceTemplates } = await client.listResourceTemplates();
      return [...fixed.resources.map(({ uri }) => uri), ...resourceTemplates.map((t) => t.uriTemplate)];
    },
    async prompts() {
      return (await client.listPrompts()).prompts.map(({ name }) => name);
    },
    close: () => connected.close(),
  };
}

type Ref =
  | { readonly type: 'ref/prompt'; readonly name: string }
  | { readonly type: 'ref/resource'; readonly uri: string };

/** What both SDKs' clients do alike. */
interface Asker {
  readResource(params: { uri: string }): Promise<{ contents: { text?: string }[] }>;
  getPrompt(params: { name: string; arguments: Record<string, string> }): Promise<{
    messages: { content: { text?: string } }[];
  }>;
  complete(params: {
    ref: Ref;
    argument: { name: string; value: string };
  }): Promise<{ completion: { values: string[] } }>;
  listResources(): Promise<{ resources: { uri: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { uriTemplate: string }[] }>;
  listPrompts(): Promise<{ prompts: { name: string }[] }>;
}

/** What `ask` is refused with; fails if it is answered. */
export async function refusalOf(ask: Promise<unknown>): Promise<Refusal> {
  const answered = await ask.then(
    (value) => ({ value }),
    (thrown: unknown) => thrown,
  );
  expect(answered).toBeInstanceOf(Error);
  const { code, data } = answered as { code: number; data: ErrorObject };
  expect(ERRORS).toHaveProperty(data.code);
  return { code, error: data };
}

const TEXT = expect.any(String) as unknown;
/** Every field of the contract's error object. */
const COMPLETE = {
  success: false,
  error: expect.stringMatching(/\S/) as unknown,
  code: TEXT,
  number: TEXT,
  severity: expect.stringMatching(/^(warning|error|critical)$/) as unknown,
  recoverable: expect.any(Boolean) as unknown,
  suggestions: expect.any(Array) as unknown,
  context: expect.any(Object) as unknown,
  related_resources: expect.any(Array) as unknown,
  request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
  timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
};

/** The error of a tool call: complete, of this code, as JSON text and nothing else. */
export function expectError(answer: ToolAnswer, code: ErrorCode, about?: string): ErrorObject {
  expect(answer.isError, `${about ?? ''} ${answer.text}`).toBe(true);
  expect(answer.structuredContent, about).toBeUndefined();
  const { retry_after: _, ...fields } = answer.json;
  expect(fields, about).toEqual(COMPLETE);
  expect(answer.json, about).toMatchObject({
    code,
    number: ERRORS[code].number,
    severity: ERRORS[code].severity,
  });
  return answer.json as unknown as ErrorObject;
}

/** The fields of a success, which come twice: as structure and as text. */
export function expectSuccess(answer: ToolAnswer, about?: string): Record<string, unknown> {
  expect(answer.isError, `${about ?? ''} ${answer.text}`).toBe(false);
  expect(answer.structuredContent, about).toEqual(answer.json);
  expect(answer.json['success'], about).toBe(true);
  return answer.json;
}

/** An error without what differs from call to call. */
export function lasting(error: object): Record<string, unknown> {
  const { request_id: _id, timestamp: _at, ...rest } = error as Record<string, unknown>;
  return rest;
}
