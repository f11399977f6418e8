/** Agents of a workspace by when they were seen, by id, and by what they posted where. */
import type { AgentCard, Reads } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { Names } from '../names.ts';
import type { SyncNoun } from '../sync.ts';

const CARD = `a.id AS pk, a.agent_id AS agentId, a.agent_type AS agentType, a.last_seen_at AS lastSeenAt, a.client`;

export function directoryReads({ sqlite }: Connection, names: Names): SyncNoun<Reads['directory']> {
  const recent = sqlite.prepare<[string, number, number], AgentCard>(
    `SELECT ${CARD} FROM agents a CROSS JOIN keys k ON k.key_id = a.key_id AND k.workspace = ?
     WHERE a.workspace_id = ? ORDER BY a.last_seen_at DESC, a.agent_key LIMIT ?`,
  );
  const named = sqlite.prepare<[string, number], AgentCard>(
    `SELECT ${CARD} FROM json_each(?) j CROSS JOIN agents a ON a.workspace_id = ? AND a.agent_key = j.value`,
  );
  const postersIn = sqlite.prepare<[string, number, number, number], AgentCard>(
    `SELECT ${CARD} FROM json_each(?) j
     CROSS JOIN participants p ON p.session_id = ? AND p.audience_id = j.value
     CROSS JOIN senders s ON s.id = p.sender_id AND s.imported = 0
     CROSS JOIN agents a ON a.workspace_id = ? AND a.agent_key = lower(s.name)
     GROUP BY a.id ORDER BY sum(p.message_count) DESC, a.agent_key LIMIT ?`,
  );
  return {
    recent({ workspace, limit }) {
      const workspaceId = names.workspace(workspace);
      return workspaceId === undefined ? [] : recent.all(workspace, workspaceId, limit);
    },
    named({ workspace, agentIds }) {
      const workspaceId = names.workspace(workspace);
      const keys = [...new Set(agentIds.map((id) => id.toLowerCase()))];
      return workspaceId === undefined ? [] : named.all(JSON.stringify(keys), workspaceId);
    },
    postersIn({ workspace, sessionPk, sight, limit }) {
      const workspaceId = names.workspace(workspace);
      if (workspaceId === undefined) return [];
      return postersIn.all(JSON.stringify(names.audiences(sight)), sessionPk, workspaceId, limit);
    },
  };
}
