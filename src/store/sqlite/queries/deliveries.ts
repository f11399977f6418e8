/**
 * Unread messages and receipts. What speaks to one agent stands in rows of its own, which an acknowledgement deletes. What
 * speaks to a type stands in one row for all its agents: each has come as far as its `type_read_to`, and what it passed by
 * without acknowledging it got a row of its own.
 */
import { DELIVERY_WAYS, type NamedAgent, type ReceiptRow, type Reads, type Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { NameMaker, Names } from '../names.ts';
import type { SyncNoun } from '../sync.ts';

type Bind = Record<string, number | string>;
interface Raw {
  readonly id: number;
  readonly session: number;
  readonly delivered: number;
  readonly shown: number;
}

/** Messages to a type that one write passes by, at most. */
const PASSED_PER_WRITE = 1000;

const stream = (extra: string, direction: 'ASC' | 'DESC'): string => `
  SELECT d.message_id AS id, d.session_id AS session, r.message_id IS NOT NULL AS delivered,
    r.acknowledged_at IS NULL ${extra} AND EXISTS (
      SELECT 1 FROM json_each(:audiences) v CROSS JOIN message_audiences m
        ON m.audience_id = v.value AND m.session_id = d.session_id AND m.message_id = d.message_id) AS shown
  FROM message_addressees d LEFT JOIN receipts r ON r.message_id = d.message_id AND r.agent_id = :agent
  WHERE d.audience_id = :audience AND d.message_id > :after AND d.message_id < :before
  ORDER BY d.message_id ${direction} LIMIT :limit`;

const NOT_MINE = `AND NOT EXISTS (SELECT 1 FROM senders s
  WHERE s.id = d.sender_id AND s.imported = 0 AND s.name = :name COLLATE NOCASE)`;

export function deliveryReads({ sqlite }: Connection, names: Names): SyncNoun<Reads['deliveries']> {
  const rows = (sql: string) => sqlite.prepare<[Bind], Raw>(sql);
  const toAgent = { ASC: rows(stream('', 'ASC')), DESC: rows(stream('', 'DESC')) };
  const toType = { ASC: rows(stream(NOT_MINE, 'ASC')), DESC: rows(stream(NOT_MINE, 'DESC')) };
  const typeReadTo = sqlite.prepare<[number], number>('SELECT type_read_to FROM agents WHERE id = ?').pluck();
  const previews = sqlite.prepare<
    [Bind],
    { readonly id: number; readonly sessionId: string; readonly sender: string; readonly text: string }
  >(`
    SELECT m.id, s.session_id AS sessionId, a.name AS sender, substr(m.content, 1, :chars) AS text
    FROM json_each(:ids) j CROSS JOIN messages m ON m.id = j.value
    CROSS JOIN senders a ON a.id = m.sender_id CROSS JOIN sessions s ON s.id = m.session_id
    WHERE EXISTS (
      SELECT 1 FROM json_each(:audiences) v CROSS JOIN message_audiences b
        ON b.audience_id = v.value AND b.session_id = m.session_id AND b.message_id = m.id)
    ORDER BY j.key`);
  const receipts = sqlite.prepare<
    [number, number],
    Omit<ReceiptRow, 'by'> & { readonly by: number; readonly agentId: string }
  >(`
    SELECT r.message_id AS messageId, r.agent_id AS agentPk, a.agent_id AS agentId, r.by,
      r.delivered_at AS deliveredAt, r.acknowledged_at AS acknowledgedAt
    FROM receipts r CROSS JOIN agents a ON a.id = r.agent_id
    WHERE r.message_id = ? ORDER BY r.agent_id LIMIT ?`);
  const agent = sqlite.prepare<[number, string], NamedAgent>(
    `SELECT id AS pk, agent_id AS agentId, agent_type AS agentType FROM agents
     WHERE workspace_id = ? AND agent_key = ?`,
  );
  const find = (workspace: string, agentId: string): NamedAgent | undefined => {
    const workspaceId = names.workspace(workspace);
    return workspaceId === undefined ? undefined : agent.get(workspaceId, agentId.toLowerCase());
  };

  return {
    agent: find,

    unread({ recipient, sight, after, before = Number.MAX_SAFE_INTEGER, limit }) {
      const direction = after === undefined ? 'DESC' : 'ASC';
      const sign = direction === 'ASC' ? 1 : -1;
      const readTo = typeReadTo.get(recipient.pk) ?? 0;
      const { workspace, agentId, pk } = recipient;
      const audienceOf = (name: string) => names.audiences({ workspace, audiences: [name] })[0];
      const bind = { audiences: JSON.stringify(names.audiences(sight)), agent: pk, before, limit };
      const read = (name: string, statement: typeof toAgent, from: number, more: Bind): Raw[] => {
        const audience = audienceOf(name);
        if (audience === undefined) return [];
        return statement[direction].all({ ...bind, ...more, audience, after: from });
      };
      const streams = [
        read(recipient.names.agent, toAgent, after ?? 0, {}),
        read(recipient.names.type, toType, Math.max(after ?? 0, readTo), { name: agentId }),
      ];
      // What a stream that goes on has beyond its last row is not known.
      const ends = streams.flatMap((rows) => (rows.length < limit ? [] : (rows.at(-1)?.id ?? [])));
      const upTo = ends.length === 0 ? null : sign * Math.min(...ends.map((id) => sign * id));
      const found = new Map(
        streams
          .flat()
          .filter(({ id, shown }) => shown === 1 && (upTo === null || sign * id <= sign * upTo))
          .map(({ id, session, delivered }) => [id, { id, sessionPk: session, delivered: delivered === 1 }]),
      );
      return { messages: [...found.values()].sort((a, b) => sign * (a.id - b.id)), upTo };
    },

    previews(ids, sight, chars) {
      const audiences = names.audiences(sight);
      if (ids.length === 0 || audiences.length === 0) return [];
      return previews.all({ ids: JSON.stringify(ids), audiences: JSON.stringify(audiences), chars });
    },

    receipts(messageIds, limit) {
      return messageIds.flatMap((id) =>
        receipts.all(id, limit).map((row) => ({ ...row, by: DELIVERY_WAYS[row.by] ?? 'tool' })),
      );
    },

    agents(workspace, ids) {
      return ids.flatMap((id) => find(workspace, id) ?? []);
    },
  };
}

export function deliveryWrites({ sqlite }: Connection, names: NameMaker): SyncNoun<Writes['deliveries']> {
  const note = sqlite.prepare<(number | null)[]>(`
    INSERT INTO receipts (message_id, agent_id, by, delivered_at, acknowledged_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET acknowledged_at = coalesce(acknowledged_at, excluded.acknowledged_at)`);
  const forget = sqlite.prepare<number[]>(
    'DELETE FROM message_addressees WHERE audience_id = ? AND message_id = ?',
  );
  const readTo = sqlite.prepare<[number], number>('SELECT type_read_to FROM agents WHERE id = ?').pluck();
  const setReadTo = sqlite.prepare<number[]>('UPDATE agents SET type_read_to = ? WHERE id = ?');
  const passed = sqlite
    .prepare<[Bind], number>(
      `SELECT message_id FROM message_addressees WHERE audience_id = :type AND message_id > :after
         AND message_id <= :upTo ORDER BY message_id LIMIT :limit`,
    )
    .pluck();
  const keep = sqlite.prepare<[Bind]>(`
    INSERT OR IGNORE INTO message_addressees (audience_id, message_id, session_id, sender_id)
    SELECT :own, d.message_id, d.session_id, d.sender_id FROM message_addressees d
    WHERE d.audience_id = :type AND d.message_id = :message
      AND NOT EXISTS (SELECT 1 FROM receipts r
        WHERE r.message_id = d.message_id AND r.agent_id = :agent AND r.acknowledged_at IS NOT NULL)
      ${NOT_MINE}`);

  return {
    record({ pk, workspace, agentId, names: { agent, type } }, receipts) {
      const workspaceId = names.workspace(workspace);
      const own = names.audience(workspaceId, agent);
      let upTo = 0;
      for (const { messageId, by, deliveredAt, acknowledgedAt } of receipts) {
        note.run(messageId, pk, DELIVERY_WAYS.indexOf(by), deliveredAt, acknowledgedAt);
        if (acknowledgedAt === null) continue;
        forget.run(own, messageId);
        upTo = Math.max(upTo, messageId);
      }
      const after = readTo.get(pk) ?? 0;
      if (upTo <= after) return;
      const typeId = names.audience(workspaceId, type);
      const ids = passed.all({ type: typeId, after, upTo, limit: PASSED_PER_WRITE });
      for (const message of ids) keep.run({ own, type: typeId, message, agent: pk, name: agentId });
      const last = ids.at(-1);
      if (last !== undefined) setReadTo.run(last, pk);
    },
  };
}
