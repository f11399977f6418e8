/** The contract of the port for each engine, and the plans of the statements that fulfil it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog } from './contract/audit.ts';
import { deliveries } from './contract/deliveries.ts';
import { events } from './contract/events.ts';
import { directory } from './contract/directory.ts';
import { keysAndAgents } from './contract/keys-agents.ts';
import { leases } from './contract/leases.ts';
import { memory } from './contract/memory.ts';
import { messages } from './contract/messages.ts';
import { overview } from './contract/overview.ts';
import { sessions } from './contract/sessions.ts';
import { tokens } from './contract/tokens.ts';
import { visibilities } from './contract/visibility.ts';
import { writes } from './contract/writes.ts';
import { sqliteEngine } from './engine.ts';
import { grownDatabase, type Grown } from './grown.ts';
import { judge, recordSql, type Allowed } from './plans.ts';

const recording = recordSql();

for (const engine of [sqliteEngine]) {
  describe(engine.name, () => {
    keysAndAgents(engine);
    tokens(engine);
    sessions(engine);
    messages(engine);
    events(engine);
    memory(engine);
    overview(engine);
    leases(engine);
    visibilities(engine);
    writes(engine);
    auditLog(engine);
    deliveries(engine);
    directory(engine);
  });
}

const ALLOWED: readonly Allowed[] = [
  {
    sql: /FROM agents WHERE workspace_id = \+\? ORDER BY agent_key LIMIT 1000\) WHERE agent_type/,
    step: /^SEARCH agents USING INDEX agents_by_key \(workspace_id=\?\)|^SCAN \(subquery-1\)/,
    why: 'looks at a thousand agents, for the receipts of one message',
  },
  {
    sql: /FROM sqlite_master$/,
    step: /^SCAN sqlite_master/,
    why: 'the tables of the schema, at the start',
  },
  {
    sql: /from "keys" where .* order by/,
    step: /^SCAN keys|USE TEMP B-TREE FOR ORDER BY/,
    why: 'operators make keys one by one, and list them rarely',
  },
  {
    sql: /FROM senders WHERE norm = \+\? ORDER BY id LIMIT 100/,
    step: /USE TEMP B-TREE FOR ORDER BY/,
    why: 'those who share one name, for operators of all workspaces',
  },
  {
    sql: /GROUP BY a\.name ORDER BY sum\(p\.message_count\)/,
    step: /USE TEMP B-TREE FOR (GROUP|ORDER) BY/,
    why: 'those who posted in one session',
  },
  {
    sql: /FROM agents a CROSS JOIN keys k .* ORDER BY a\.last_seen_at DESC/,
    step: /agents_by_key \(workspace_id=\?\)|USE TEMP B-TREE FOR ORDER BY/,
    why: 'the agents of one workspace, on a reader thread; an index would be written to with each sign of life',
  },
  {
    sql: /FROM json_each\(\+:audiences\) j CROSS JOIN session_audiences a .* GROUP BY a\.session_id/,
    step: /\(audience_id=\?\)|USE TEMP B-TREE FOR (GROUP|ORDER) BY/,
    why: 'the sessions by their messages, on a reader thread; an index would be written to with each message',
  },
  {
    sql: /GROUP BY session_id, sender_id\) g CROSS JOIN sessions s/,
    step: /^SCAN (g|\(subquery-\d\))|USE TEMP B-TREE FOR GROUP BY/,
    why: 'who spoke in a time, on a reader thread, of a bounded number of messages',
  },
  {
    sql: /CROSS JOIN senders s .* GROUP BY a\.id ORDER BY sum\(p\.message_count\)/,
    step: /USE TEMP B-TREE FOR (GROUP|ORDER) BY/,
    why: 'the agents who posted in one session',
  },
  {
    sql: /FROM json_each\(\+(\?|:ids)\) j CROSS JOIN messages m .* ORDER BY j\.key$/,
    step: /USE TEMP B-TREE FOR ORDER BY/,
    why: 'the messages of one page',
  },
  {
    sql: /session_id = \+:session AND created_at BETWEEN .* ORDER BY \+created_at, message_id LIMIT/,
    step: /USE TEMP B-TREE FOR ORDER BY/,
    why: 'one session by time, on a reader thread; an index for it would cost every insert',
  },
  {
    sql: /SELECT count\(\*\) FROM \(SELECT 1 FROM sessions .* LIMIT \+\?\)$/,
    step: /^SCAN \(subquery-1\)/,
    why: 'counts no further than its limit',
  },
  {
    sql: /FROM message_audiences .* UNION ALL SELECT \* FROM \( SELECT seq, kind, .* FROM events/,
    step: /^SCAN \(subquery-[13]\)/,
    why: 'two streams of the log, each as far as a page',
  },
  {
    sql: /LIMIT \+:limit\) e CROSS JOIN memory_versions v ON v\.entry_id = e\.id LIMIT \+:limit\)$/,
    step: /^SCAN e$/,
    why: 'the history of as many entries as a write removes',
  },
  {
    sql: /FROM memory_versions WHERE entry_id = \+:entry WINDOW newer AS/,
    step: /^SCAN \(subquery-[34]\)$/,
    why: 'the versions of one entry, of which a setting says how many there are',
  },
  {
    sql: /LIMIT (200|1000)\) (n|r|v)\b/,
    step: /^SCAN (n|r|v)$/,
    why: 'looks no further than the limit inside: what is of note, replies, and what changed',
  },
  {
    sql: /FROM audiences a CROSS JOIN (message_audiences b|message_addressees d|events e)/,
    step: /^SEARCH a USING COVERING INDEX audiences_by_workspace \(workspace_id=\?\)/,
    why: 'the names of one workspace, when a visibility is changed or a session removed: an index would cost every insert',
  },
];

describe('plans', () => {
  let grown: Grown;
  beforeAll(async () => {
    grown = await grownDatabase();
    recording.stop();
  });
  afterAll(() => {
    grown.close();
  });

  it('covers what the store does', () => {
    expect(recording.texts.size).toBeGreaterThan(70);
    expect([...recording.texts].filter((sql) => sql.startsWith('INSERT INTO messages '))).toHaveLength(1);
  });

  it('finds rows by an index and sorts nothing that grows, with statistics and without', () => {
    const withStatistics = judge(grown.db, recording.texts, ALLOWED);
    expect(withStatistics.complaints).toEqual([]);
    expect(withStatistics.unused).toEqual([]);
    grown.db.exec('DROP TABLE sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4');
    grown.reopen();
    expect(judge(grown.db, recording.texts, ALLOWED).complaints).toEqual([]);
  });

  it.each([
    ['SELECT id FROM messages WHERE content = ?', /^SCAN messages /],
    [
      'SELECT id FROM messages WHERE thread_id = ? ORDER BY created_at LIMIT 10',
      /^USE TEMP B-TREE FOR ORDER BY/,
    ],
    ['SELECT m.id FROM messages m JOIN messages n ON n.content = m.content WHERE m.id = ?', /^SCAN n /],
    ['DELETE FROM idempotency WHERE result = :result', /^SCAN idempotency /],
    [
      'SELECT message_id FROM message_audiences WHERE audience_id = ? AND visibility = ?',
      /^SEARCH message_audiences .*\(audience_id=\?\)/,
    ],
  ])('would be found out: %s', (sql, complaint) => {
    const planted = recordSql();
    grown.db.prepare(sql);
    planted.stop();
    expect(judge(grown.db, planted.texts, ALLOWED).complaints).toEqual([expect.stringMatching(complaint)]);
  });
});
