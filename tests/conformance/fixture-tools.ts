/** Tools of the conformance suite's fixture that answer by themselves. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { McpEngines } from '../../src/mcp/engines/engines.ts';
import { RpcError } from '../../src/mcp/engines/rpc.ts';
import { answer, constant, type FixtureTool, strings, text, tool } from './fixture-tool.ts';

export const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

const MISSING_CAPABILITY = -32021;
const PAUSE_MS = 50;

const JSON_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

/** `announce` is the engines', which are made after the surface they serve. */
export function plainTools(announce: McpEngines['announce']): readonly FixtureTool[] {
  return [
    constant('test_simple_text', text('This is a simple text response for testing.')),
    constant('test_image_content', { type: 'image', data: PNG, mimeType: 'image/png' }),
    constant('test_audio_content', { type: 'audio', data: WAV, mimeType: 'audio/wav' }),
    constant('test_embedded_resource', {
      type: 'resource',
      resource: {
        uri: 'test://embedded-resource',
        mimeType: 'text/plain',
        text: 'This is an embedded resource content.',
      },
    }),
    constant(
      'test_multiple_content_types',
      text('Multiple content types test:'),
      { type: 'image', data: PNG, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: '{"test":"data","value":123}',
        },
      },
    ),
    tool('test_error_handling', () =>
      Promise.resolve({
        ...answer(text('This tool intentionally returns an error for testing')),
        isError: true,
      }),
    ),
    tool('test_tool_with_logging', async ({ client }) => {
      for (const line of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await client.log('info', line);
        await sleep(PAUSE_MS);
      }
      return answer(text('Tool with logging executed successfully'));
    }),
    tool('test_logging_tool', async ({ client }) => {
      await client.log('info', 'Logged only if the request says from which level on.');
      return answer(text('Logging evaluated'));
    }),
    tool('test_tool_with_progress', async ({ client }) => {
      for (const progress of [0, 50, 100]) {
        await client.progress(progress, 100, `${String(progress)} of 100`);
        await sleep(PAUSE_MS);
      }
      return answer(text('Tool with progress executed successfully'));
    }),
    tool(
      'greet',
      (_ctx, { name }) => Promise.resolve(answer(text(`Hello, ${String(name)}!`))),
      strings('name'),
    ),
    tool('json_schema_2020_12_tool', () => Promise.resolve(answer(text('done'))), JSON_SCHEMA),
    tool('test_missing_capability', () => {
      throw new RpcError(MISSING_CAPABILITY, 'Missing required client capability: sampling', {
        requiredCapabilities: { sampling: {} },
      });
    }),
    tool('test_trigger_tool_change', () => {
      announce({ list: 'tools' });
      return Promise.resolve(answer(text('The tools have changed.')));
    }),
    tool('test_trigger_prompt_change', () => {
      announce({ list: 'prompts' });
      return Promise.resolve(answer(text('The prompts have changed.')));
    }),
    tool('test_x_mcp_header', (_ctx, { region }) => Promise.resolve(answer(text(String(region)))), {
      type: 'object',
      properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
      required: ['region'],
    }),
  ];
}
