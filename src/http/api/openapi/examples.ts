/** Examples of answers, made from their schemas and from what fields of a name look like. */
import type { JsonSchema } from '../../../mcp/surface.ts';

export const AT = '2026-03-01T10:00:00.000Z';
const SESSION = 'session_5f3c9a1b2d4e6f70';
export const REQUEST = '3f0d7f5e-6a55-4b70-9a55-0c4f6d9c2e11';

/** By the name of a field, where its schema says too little. */
const FIELDS: Readonly<Record<string, unknown>> = {
  access_level: 'write',
  access_token: 'eyJhbGciOiJIUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJyZXZpZXdlciJ9.c2lnbmF0dXJl',
  action: 'keys create',
  actor: 'operator',
  agent_id: 'reviewer',
  agent_ids: null,
  agent_type: 'claude',
  agent_types: null,
  client: 'claude-code',
  connections: 1,
  content: 'Who takes the tests?',
  count: 1,
  created_by: 'reviewer',
  event_type: 'key.created',
  examples: ['catch_up {}'],
  expires_in: 900,
  fencing_token: 7,
  first_seen: AT,
  generation: '5f3c9a1b',
  guidance: 'Begin with catch_up.',
  holder: 'reviewer',
  id: 42,
  indexed: 117,
  key: 'parser/plan',
  key_id: 'key_2b1f8a70-5f0e-4c3d-9f55-6f1f7f0b9c10',
  key_name: 'laptop',
  last: 117,
  last_seen: AT,
  last_tool: 'add_message',
  lease_id: 'lease_0e5a7c31',
  message_count: 1,
  message_id: 42,
  name: 'laptop',
  parent_message_id: null,
  participants: ['reviewer'],
  permissions: ['read', 'write'],
  purpose: 'Move the parser to the new tokenizer',
  reason: 'the lexer',
  refresh_token: 'srt_Zk2m…',
  request_id: REQUEST,
  resource: 'key:key_2b1f8a70-5f0e-4c3d-9f55-6f1f7f0b9c10',
  resources: ['src/parser/**'],
  score: 96,
  search_time_ms: 4.2,
  sender: 'reviewer',
  sender_type: 'claude',
  session_id: SESSION,
  session_purpose: 'Move the parser to the new tokenizer',
  snippet: 'Who takes the **tests**?',
  text: '2 unread messages',
  timestamp: AT,
  to: ['builder'],
  token_type: 'Bearer',
  total_count: 1,
  unread: 0,
  updated_by: 'reviewer',
  uptime_s: 3600,
  value_size: 26,
  version: 1,
  workspace: 'default',
};

/** Without optional fields. `components`: what references of the schema name. */
export function exampleOf(
  schema: JsonSchema,
  components: Readonly<Record<string, JsonSchema>>,
  name = '',
): unknown {
  const of = (part: unknown, called = name): unknown => exampleOf(part as JsonSchema, components, called);
  const { $ref: ref, type, properties, items, anyOf, required = [] } = schema;
  if (typeof ref === 'string') return of(components[ref.slice(ref.lastIndexOf('/') + 1)]);
  if ('const' in schema) return schema['const'];
  if (type === 'object' && typeof properties === 'object' && properties !== null) {
    const fields = Object.entries(properties).filter(([field]) => (required as unknown[]).includes(field));
    return Object.fromEntries(fields.map(([field, part]) => [field, of(part, field)]));
  }
  if (name in FIELDS) return FIELDS[name];
  if (name.endsWith('_at') || name.endsWith('_until')) return Array.isArray(anyOf) ? null : AT;
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (Array.isArray(anyOf)) return of(anyOf[0]);
  if (type === 'array') return [of(items)];
  if (type === 'boolean') return false;
  if (type === 'number') return 1;
  return type === 'string' ? '…' : {};
}
