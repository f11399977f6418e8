/** `/api/v1/keys`: an operator makes, lists, rotates and revokes API keys. */
import { Hono } from 'hono';
import { z } from 'zod';
import { PERMISSIONS } from '../../context.ts';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { ALL_WORKSPACES, type KeyRow } from '../../store/port.ts';
import { isoTime } from '../../mcp/shapes.ts';
import { readJson } from '../json-body.ts';
import type { HubEnv } from '../types.ts';
import { contextOf, parser, queryOf, type ApiDeps } from './context.ts';

const NAME = /^[A-Za-z0-9._@-]+$/;
const name = (max: number) => z.string().min(1).max(max).regex(NAME, 'letters, digits and . _ - @');
const MAX_EXPIRY_SECONDS = 10 * 365 * 24 * 60 * 60;

const newKey = parser(
  z.strictObject({
    name: name(100),
    workspace: z.union([name(100), z.literal(ALL_WORKSPACES)]).default('default'),
    permissions: z.array(z.enum(PERMISSIONS)).min(1).default(['read', 'write']),
    agent_id: name(100).optional(),
    agent_ids: z.array(name(100)).min(1).max(50).optional(),
    agent_types: z.array(name(50)).min(1).max(50).optional(),
    expires_in: z.int().min(1).max(MAX_EXPIRY_SECONDS).describe('seconds').optional(),
  }),
);

const KIND = 'api/keys';
const listQuery = parser(
  z.strictObject({
    limit: z.coerce.number().int().min(1).max(100).default(100),
    cursor: z.string().optional(),
  }),
);
const position = z.object({ createdAt: z.number(), keyId: z.string() });

const DEFAULT_OVERLAP_SECONDS = 24 * 60 * 60;
const MAX_OVERLAP_SECONDS = 30 * 24 * 60 * 60;
const rotation = parser(
  z.strictObject({
    overlap: z.int().min(0).max(MAX_OVERLAP_SECONDS).describe('seconds').default(DEFAULT_OVERLAP_SECONDS),
  }),
);

export function keyRoutes(deps: ApiDeps): Hono<HubEnv> {
  const { epoch, services } = deps;
  const { keys } = services;
  const routes = new Hono<HubEnv>();

  routes.get('/', async (c) => {
    const { limit, cursor } = listQuery(queryOf(c));
    const page = await keys.list(await contextOf(c, deps), {
      limit,
      ...(cursor === undefined ? {} : { after: decodeCursor(epoch, KIND, position, cursor) }),
    });
    return c.json({
      keys: page.keys.map(toKey),
      ...(page.next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, page.next) }),
    });
  });

  routes.post('/', async (c) => {
    const ctx = await contextOf(c, deps);
    const input = newKey(await readJson(c));
    const { key, row } = await keys.create(ctx, {
      ...{ name: input.name, workspace: input.workspace, permissions: input.permissions },
      ...(input.agent_id === undefined ? {} : { agentId: input.agent_id }),
      ...(input.agent_ids === undefined ? {} : { agentIds: input.agent_ids }),
      ...(input.agent_types === undefined ? {} : { agentTypes: input.agent_types }),
      ...(input.expires_in === undefined ? {} : { expiresInSeconds: input.expires_in }),
    });
    return c.json({ key, ...toKey(row) }, 201);
  });

  routes.post('/:id/rotate', async (c) => {
    const ctx = await contextOf(c, deps);
    const { overlap } = rotation(await readJson(c, {}));
    const { key, row } = await keys.rotate(ctx, c.req.param('id'), overlap);
    return c.json({ key, ...toKey(row) });
  });

  routes.delete('/:id', async (c) => {
    await keys.revoke(await contextOf(c, deps), c.req.param('id'));
    return c.json({ revoked: true });
  });

  return routes;
}

/** A key without its text, which nobody can tell again. */
function toKey(row: KeyRow) {
  const time = (at: number | null): string | null => (at === null ? null : isoTime(at));
  return {
    key_id: row.keyId,
    name: row.name,
    workspace: row.workspace,
    permissions: row.permissions,
    agent_id: row.agentId,
    agent_ids: row.agentIds,
    agent_types: row.agentTypes,
    created_at: isoTime(row.createdAt),
    expires_at: time(row.expiresAt),
    last_used_at: time(row.lastUsedAt),
    revoked_at: time(row.revokedAt),
    old_key_until: time(row.oldUntil),
  };
}
