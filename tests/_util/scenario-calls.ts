/** A good call of every tool. A new tool needs a line here: what is made from this table covers it then. */
import type { Door } from './scenario-doors.ts';
import { expectSuccess } from './scenario-doors.ts';

export interface Stage {
  readonly sessionId: string;
  readonly messageId: number;
  /** Of an agent under the same key. */
  readonly token: string;
  readonly leaseId: string;
}

/** Opens what the calls speak of. */
export async function setStage(door: Door): Promise<Stage> {
  const opened = expectSuccess(
    await door.call('create_session', { purpose: 'Stage', first_message: 'first' }),
  );
  expectSuccess(await door.call('set_memory', { key: 'there', value: { n: 1 } }));
  expectSuccess(await door.call('set_memory', { key: 'gone', value: 1 }));
  const sessionId = String(opened['session_id']);
  const helper = { agent_id: `helper-of-${sessionId}`, agent_type: 'helper' };
  const { token } = expectSuccess(await door.call('authenticate_agent', helper));
  const { lease } = expectSuccess(await door.call('acquire_lease', { resources: [`held/${sessionId}`] }));
  const { lease_id: leaseId } = lease as { lease_id: string };
  return { leaseId, sessionId, messageId: Number(opened['message_id']), token: String(token) };
}

type Args = Record<string, unknown>;

/** Arguments that succeed for whoever set the stage, every parameter named at least once. */
export const GOOD_CALLS: Readonly<Record<string, (stage: Stage) => readonly [Args, ...Args[]]>> = {
  authenticate_agent: ({ sessionId }) => [
    { agent_id: `second-of-${sessionId}`, agent_type: 'helper' },
    { agent_id: `second-of-${sessionId}`, agent_type: 'Helper', requested_permissions: ['read'] },
  ],
  refresh_token: ({ token }) => [{ current_token: token }],
  create_session: () => [
    { purpose: 'p' },
    { purpose: 'p', metadata: { a: 1 }, first_message: 'hello', idempotency_key: 'create' },
  ],
  get_session: ({ sessionId: session_id }) => [
    { session_id },
    { session_id, include_messages: 0, max_tokens: 500 },
  ],
  list_sessions: () => [
    {},
    { query: 'stage', is_active: true, created_by: 'alice', limit: 1, max_tokens: 500 },
  ],
  update_session: ({ sessionId: session_id }) => [
    { session_id },
    { session_id, purpose: 'Stage 2', metadata: {}, is_active: true, idempotency_key: 'update' },
  ],
  add_message: ({ sessionId: session_id, messageId }) => [
    { session_id, content: 'c' },
    {
      ...{ session_id, content: 'c', visibility: 'public', to: ['nobody'], message_type: 'answer' },
      ...{ parent_message_id: messageId, metadata: { deep: [1] }, pinned: true, idempotency_key: 'add' },
    },
  ],
  get_messages: ({ sessionId: session_id, messageId }) => [
    { session_id, limit: 1 },
    { session_id, limit: 2, before_id: messageId + 1000, max_tokens: 400 },
    {
      ...{ session_id, after_id: 0, visibility_filter: 'public', thread_of: messageId },
      ...{ sender: 'alice', message_type: 'message', include_receipts: true },
    },
  ],
  catch_up: ({ sessionId: session_id }) => [{}, { session_id, max_tokens: 200 }],
  wait_for_messages: ({ sessionId: session_id }) => [
    { timeout_seconds: 0 },
    { session_id, timeout_seconds: 0, limit: 1, addressed_only: true, max_tokens: 500 },
  ],
  set_message_visibility: ({ messageId: message_id }) => [
    { message_id, visibility: 'public' },
    { message_id, visibility: 'private', idempotency_key: 'hide' },
  ],
  search_context: ({ sessionId: session_id }) => [
    { query: 'first' },
    {
      ...{
        query: '"frist" -x from:alice',
        session_id,
        fuzzy_threshold: 80,
        limit: 1,
        search_metadata: false,
      },
      ...{ search_scope: 'public', sender: 'alice', message_type: 'message', max_tokens: 500 },
      ...{ include_memory: true },
      ...{ since: '2020-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z' },
    },
  ],
  search_by_sender: ({ sessionId: session_id }) => [
    { sender: 'alice' },
    { sender: 'alice', session_id, limit: 1, max_tokens: 500 },
  ],
  search_by_timerange: ({ sessionId: session_id }) => [
    { start_time: '2020-01-01T00:00:00Z', end_time: '2100-01-01T00:00:00+02:00' },
    {
      session_id,
      start_time: '2020-01-01T00:00:00Z',
      end_time: '2100-01-01T00:00:00Z',
      after_id: 0,
      limit: 1,
      max_tokens: 500,
    },
  ],
  set_memory: ({ sessionId: session_id }) => [
    { key: 'k', value: [] },
    {
      ...{ key: 'k', value: null, session_id, scope: 'shared', expires_in: 3600, metadata: { a: [] } },
      ...{ overwrite: false, if_version: 0, idempotency_key: 'set' },
    },
  ],
  get_memory: ({ sessionId: session_id }) => [{ key: 'there' }, { key: 'k', session_id, scope: 'shared' }],
  list_memory: () => [
    {},
    { session_id: 'all', scope: 'agent', prefix: 't', query: 'N', limit: 1, max_tokens: 500 },
  ],
  delete_memory: ({ sessionId: session_id }) => [
    { key: 'gone', if_version: 1, idempotency_key: 'delete' },
    { key: 'k', session_id, scope: 'shared' },
  ],
  acquire_lease: ({ sessionId: session_id, leaseId }) => [
    { resources: [`stage/${session_id}`] },
    {
      ...{ resources: [`stage/${session_id}`, 'stage-*.md'], session_id, mode: 'shared', ttl_seconds: 10 },
      ...{ wait_seconds: 1, reason: 'to test', idempotency_key: 'acquire' },
    },
    { lease_id: leaseId, ttl_seconds: 20 },
  ],
  release_lease: ({ leaseId }) => [{ lease_id: leaseId, idempotency_key: 'release' }, { all: true }],
  list_leases: ({ sessionId: session_id }) => [{}, { session_id, resource: 'stage', max_tokens: 500 }],
  get_performance_metrics: () => [{}, { window_seconds: 60 }],
  get_audit_log: ({ sessionId: session_id }) => [
    {},
    {
      ...{ agent_id: 'alice', event_type: 'admin.read', session_id, limit: 1, max_tokens: 500 },
      ...{ since: '2020-01-01T00:00:00Z', until: '2100-01-01T00:00:00+02:00' },
    },
  ],
  list_agents: ({ sessionId: session_id }) => [{}, { session_id, max_tokens: 500 }],
  get_usage_guidance: () => [{}, { guidance_type: 'security' }],
};
