/** Agents, the answers of idempotent writes, and what was imported. */
import { and, drizzle, eq, gt, sql } from '../drizzle.ts';
import type { AgentRow, IdempotencyRow, Reads, Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { NameMaker, Names } from '../names.ts';
import { agents, importedMessages, keys } from '../schema.ts';
import type { SyncNoun } from '../sync.ts';

/** Prepared look-up of an agent by workspace and id, ids compared without case. */
function prepareFind({ sqlite }: Connection) {
  const find = drizzle(sqlite)
    .select()
    .from(agents)
    .where(
      and(
        eq(agents.workspaceId, sql.placeholder('workspaceId')),
        eq(agents.agentKey, sql.placeholder('key')),
      ),
    )
    .prepare();
  return (workspaceId: number, agentId: string): AgentRow | undefined => {
    const row = find.get({ workspaceId, key: agentId.toLowerCase() });
    return row && toAgentRow(row);
  };
}

function toAgentRow(row: typeof agents.$inferSelect): AgentRow {
  const { id, agentId, agentType, keyId, firstSeenAt, lastSeenAt, client, releasedAt } = row;
  return { pk: id, agentId, agentType, keyId, firstSeenAt, lastSeenAt, client, releasedAt };
}

export function agentReads(connection: Connection, names: Names): SyncNoun<Reads['agents']> {
  const find = prepareFind(connection);
  const idsByPrefix = connection.sqlite
    .prepare<[number, string, string, number], string>(
      'SELECT agent_id FROM agents WHERE workspace_id = ? AND agent_key >= ? AND agent_key < ? ORDER BY agent_key LIMIT ?',
    )
    .pluck();
  const list = drizzle(connection.sqlite)
    .select({ agent: agents, keyName: keys.name, keyWorkspace: keys.workspace })
    .from(agents)
    .innerJoin(keys, eq(keys.keyId, agents.keyId))
    .where(
      and(
        eq(agents.workspaceId, sql.placeholder('workspaceId')),
        gt(agents.agentKey, sql.placeholder('after')),
      ),
    )
    .orderBy(agents.agentKey)
    .limit(sql.placeholder('limit'))
    .prepare();
  return {
    list({ workspace, after = '', limit }) {
      const workspaceId = names.workspace(workspace);
      if (workspaceId === undefined) return [];
      const rows = list.all({ workspaceId, after: after.toLowerCase(), limit });
      return rows.map(({ agent, ...key }) => ({ ...toAgentRow(agent), ...key }));
    },
    idsByPrefix(workspace, prefix, limit) {
      const workspaceId = names.workspace(workspace);
      const start = prefix.toLowerCase();
      return workspaceId === undefined
        ? []
        : idsByPrefix.all(workspaceId, start, `${start}\u{10ffff}`, limit);
    },
    get(workspace, agentId) {
      const workspaceId = names.workspace(workspace);
      return workspaceId === undefined ? undefined : find(workspaceId, agentId);
    },
  };
}

export function agentWrites({ sqlite }: Connection, names: NameMaker): SyncNoun<Writes['agents']> {
  const orm = drizzle(sqlite);
  const touch = sqlite.prepare<[number, string | null, number]>(
    'UPDATE agents SET last_seen_at = ?, client = coalesce(?, client) WHERE id = ?',
  );
  return {
    insert(workspace, agent) {
      const row = orm
        .insert(agents)
        .values({ ...agent, workspaceId: names.workspace(workspace), agentKey: agent.agentId.toLowerCase() })
        .returning()
        .get();
      return toAgentRow(row);
    },
    touch(pk, now, client) {
      touch.run(now, client, pk);
    },
    release(pk, now) {
      orm.update(agents).set({ releasedAt: now }).where(eq(agents.id, pk)).run();
    },
    give(pk, keyId) {
      orm.update(agents).set({ keyId, releasedAt: null }).where(eq(agents.id, pk)).run();
    },
  };
}

export function idempotencyWrites({ sqlite }: Connection, names: NameMaker): SyncNoun<Writes['idempotency']> {
  const findAgent = sqlite
    .prepare<[number, string], number>('SELECT id FROM agents WHERE workspace_id = ? AND agent_key = ?')
    .pluck();
  const agentPk = (workspace: string, agentId: string): number => {
    const pk = findAgent.get(names.workspace(workspace), agentId.toLowerCase());
    if (pk === undefined) throw new Error(`agent ${agentId} does not exist`);
    return pk;
  };
  const find = sqlite.prepare<[number, string], IdempotencyRow>(
    `SELECT tool, args_hash AS argsHash, result, created_at AS createdAt FROM idempotency
     WHERE agent_id = ? AND key = ?`,
  );
  const put = sqlite.prepare<[number, string, string, string, string, number]>(
    `INSERT INTO idempotency (agent_id, key, tool, args_hash, result, created_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET tool = excluded.tool, args_hash = excluded.args_hash, result = excluded.result,
       created_at = excluded.created_at`,
  );
  const deleteBefore = sqlite.prepare<[number, number]>(
    `DELETE FROM idempotency WHERE (agent_id, key) IN
       (SELECT agent_id, key FROM idempotency WHERE created_at < ? ORDER BY created_at LIMIT ?)`,
  );
  return {
    get: (workspace, agentId, key) => find.get(agentPk(workspace, agentId), key),
    put(workspace, agentId, key, { tool, argsHash, result, createdAt }) {
      put.run(agentPk(workspace, agentId), key, tool, argsHash, result, createdAt);
    },
    deleteBefore: (time, limit) => deleteBefore.run(time, limit).changes,
  };
}

export function importWrites({ sqlite }: Connection): SyncNoun<Writes['imports']> {
  const orm = drizzle(sqlite);
  const find = orm
    .select({ id: importedMessages.messageId })
    .from(importedMessages)
    .where(
      and(
        eq(importedMessages.sessionId, sql.placeholder('session')),
        eq(importedMessages.externalId, sql.placeholder('external')),
      ),
    )
    .prepare();
  const insert = orm
    .insert(importedMessages)
    .values({
      sessionId: sql.placeholder('session'),
      externalId: sql.placeholder('external'),
      messageId: sql.placeholder('message'),
    })
    .prepare();
  return {
    find: (session, external) => find.get({ session, external })?.id,
    remember(session, external, message) {
      insert.run({ session, external, message });
    },
  };
}
