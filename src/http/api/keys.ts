/** `/api/v1/keys`: an operator makes, lists, rotates and revokes API keys. */
import { z } from 'zod';
import { PERMISSIONS } from '../../context.ts';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import type { NewKey } from '../../features/keys/service.ts';
import { isoTime } from '../../mcp/shapes.ts';
import { cursor, limit } from '../../mcp/tools/fields.ts';
import { ALL_WORKSPACES, type KeyRow } from '../../store/port.ts';
import { defineEndpoint } from './endpoint.ts';

const KIND = 'api/keys';
const position = z.object({ createdAt: z.number(), keyId: z.string() });

const NAME = /^[A-Za-z0-9._@-]+$/;
const name = (max: number) => z.string().min(1).max(max).regex(NAME, 'letters, digits and . _ - @');
const keyId = z.string().min(1).max(100).describe('id or name');
const MAX_EXPIRY_SECONDS = 10 * 365 * 24 * 60 * 60;
const DEFAULT_OVERLAP_SECONDS = 24 * 60 * 60;
const MAX_OVERLAP_SECONDS = 30 * 24 * 60 * 60;

/** A key without its text. */
export const keyShape = z.object({
  key_id: z.string(),
  name: z.string(),
  workspace: z.string(),
  permissions: z.array(z.string()),
  agent_id: z.string().nullable().describe('the one agent it acts as'),
  agent_ids: z.array(z.string()).nullable().describe('those it may act as; null: any'),
  agent_types: z.array(z.string()).nullable(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
  old_key_until: z.string().nullable().describe('until when the text before the last rotation is good too'),
});
export type Key = z.infer<typeof keyShape>;
const toldShape = keyShape.extend({ key: z.string().describe('its text, told this once') });
const TOLD = { key: 'schk_Qm9yZ3ppdXMtZXhhbXBsZS1rZXktdGV4dA' };

export const newKeyInput = z.strictObject({
  name: name(100),
  workspace: z.union([name(100), z.literal(ALL_WORKSPACES)]).default('default'),
  permissions: z.array(z.enum(PERMISSIONS)).min(1).default(['read', 'write']),
  agent_id: name(100).optional(),
  agent_ids: z.array(name(100)).min(1).max(50).optional(),
  agent_types: z.array(name(50)).min(1).max(50).optional(),
  expires_in: z.int().min(1).max(MAX_EXPIRY_SECONDS).describe('seconds').optional(),
});
export const rotateInput = z.strictObject({
  key_id: keyId,
  overlap: z.int().min(0).max(MAX_OVERLAP_SECONDS).describe('seconds').default(DEFAULT_OVERLAP_SECONDS),
});

export const keyEndpoints = [
  defineEndpoint({
    method: 'GET',
    path: '/keys',
    id: 'listKeys',
    tag: 'Keys',
    summary: 'API keys without their texts, newest first, revoked ones too.',
    permission: 'admin',
    etag: true,
    input: z.strictObject({ limit: limit(100, 100), cursor: cursor.optional() }),
    sample: { limit: 100 },
    output: { schema: z.object({ keys: z.array(keyShape), next_cursor: z.string().optional() }) },
    errors: ['INVALID_CURSOR'],
    async handler({ services: { keys }, epoch }, ctx, input) {
      const page = await keys.list(ctx, {
        limit: input.limit,
        ...(input.cursor === undefined ? {} : { after: decodeCursor(epoch, KIND, position, input.cursor) }),
      });
      return {
        keys: page.keys.map(toKey),
        ...(page.next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, page.next) }),
      };
    },
  }),

  defineEndpoint({
    method: 'POST',
    path: '/keys',
    id: 'createKey',
    tag: 'Keys',
    summary: 'Makes an API key, and tells its text this once.',
    permission: 'admin',
    input: newKeyInput,
    sample: { name: 'laptop', permissions: ['read', 'write'], expires_in: 7_776_000 },
    output: { status: 201, schema: toldShape, example: TOLD },
    async handler({ services: { keys } }, ctx, input) {
      const { key, row } = await keys.create(ctx, toNewKey(input));
      return { key, ...toKey(row) };
    },
  }),

  defineEndpoint({
    method: 'POST',
    path: '/keys/:key_id/rotate',
    id: 'rotateKey',
    tag: 'Keys',
    summary: 'Gives a key another text, told this once. The last one stays good for `overlap` seconds.',
    permission: 'admin',
    input: rotateInput,
    sample: { key_id: 'laptop', overlap: 3600 },
    output: { schema: toldShape, example: TOLD },
    async handler({ services: { keys } }, ctx, { key_id, overlap }) {
      const { key, row } = await keys.rotate(ctx, key_id, overlap);
      return { key, ...toKey(row) };
    },
  }),

  defineEndpoint({
    method: 'DELETE',
    path: '/keys/:key_id',
    id: 'revokeKey',
    tag: 'Keys',
    summary: 'Ends a key for good, and with it all that was opened with it.',
    permission: 'admin',
    input: z.strictObject({ key_id: keyId }),
    sample: { key_id: 'laptop' },
    output: { schema: z.object({ revoked: z.literal(true) }) },
    async handler({ services: { keys } }, ctx, { key_id }) {
      await keys.revoke(ctx, key_id);
      return { revoked: true as const };
    },
  }),
];

export function toNewKey(input: z.output<typeof newKeyInput>): NewKey {
  return {
    ...{ name: input.name, workspace: input.workspace, permissions: input.permissions },
    ...(input.agent_id === undefined ? {} : { agentId: input.agent_id }),
    ...(input.agent_ids === undefined ? {} : { agentIds: input.agent_ids }),
    ...(input.agent_types === undefined ? {} : { agentTypes: input.agent_types }),
    ...(input.expires_in === undefined ? {} : { expiresInSeconds: input.expires_in }),
  };
}

export function toKey(row: KeyRow): z.infer<typeof keyShape> {
  const time = (at: number | null): string | null => (at === null ? null : isoTime(at));
  return {
    key_id: row.keyId,
    name: row.name,
    workspace: row.workspace,
    permissions: [...row.permissions],
    agent_id: row.agentId,
    agent_ids: row.agentIds === null ? null : [...row.agentIds],
    agent_types: row.agentTypes === null ? null : [...row.agentTypes],
    created_at: isoTime(row.createdAt),
    expires_at: time(row.expiresAt),
    last_used_at: time(row.lastUsedAt),
    revoked_at: time(row.revokedAt),
    old_key_until: time(row.oldUntil),
  };
}
