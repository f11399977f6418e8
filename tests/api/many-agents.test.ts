/** Many agents at once, over real sockets: nothing fails, nothing is lost or doubled. */
import { expect, it } from 'vitest';
import { listen } from '../../src/http/server.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { connectClient } from '../_util/connect-client.ts';
import { AGENT_KEY, startTestHub } from '../_util/test-hub.ts';

const AGENTS = 200;
const MESSAGES_EACH = 10;
const PAGE = 1000;

it(
  '2,000 messages posted by 200 connected agents at once are all there, once',
  { timeout: 120_000 },
  async () => {
    await using hub = await startTestHub();
    const listener = await listen(hub.hub.app, {
      host: '127.0.0.1',
      port: 0,
      log: createLogger({ level: 'silent', format: 'json' }),
    });
    try {
      const agents = await Promise.all(
        Array.from({ length: AGENTS }, (_, i) =>
          connectClient(listener.url, i % 2 === 0 ? '2025' : '2026', {
            key: AGENT_KEY,
            headers: { 'x-agent-id': `agent-${i}` },
          }),
        ),
      );
      const [first] = agents;
      if (first === undefined) throw new Error('no agent');
      const { session_id } = (await first.callTool('create_session', { purpose: 'All at once' })).json;
      const answers = await Promise.all(
        agents.map(async (agent, i) => {
          const own = [];
          for (let n = 0; n < MESSAGES_EACH; n++) {
            own.push(await agent.callTool('add_message', { session_id, content: `${i}/${n}` }));
          }
          return own;
        }),
      );
      expect(answers.flat().filter((answer) => answer.isError)).toEqual([]);

      const seen: string[] = [];
      for (let after_id = 0; ;) {
        const page = await first.callTool('get_messages', {
          session_id,
          after_id,
          limit: PAGE,
          max_tokens: 200_000,
        });
        const messages = page.json['messages'] as { id: number; content: string }[];
        if (messages.length === 0) break;
        seen.push(...messages.map((message) => message.content));
        after_id = messages.at(-1)?.id ?? 0;
      }
      const posted = Array.from(
        { length: AGENTS * MESSAGES_EACH },
        (_, i) => `${Math.floor(i / MESSAGES_EACH)}/${i % MESSAGES_EACH}`,
      );
      expect(seen.sort()).toEqual(posted.sort());
      await Promise.all(agents.map((agent) => agent.close()));
    } finally {
      await listener.close(1000);
    }
  },
);
