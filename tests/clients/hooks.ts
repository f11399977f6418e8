/** Two agents side by side: what one asks through the Inspector reaches the other's model through the hooks of Claude Code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClientTest, madeSession, must, type Stage } from './client-test.ts';
import { claudeOf, connect } from './connected.ts';
import { program, runIn } from './programs.ts';
import { readmeCommand } from './readme.ts';

const QUESTION = 'Which of the two migrations runs first?';

interface Posted {
  readonly message_id: number;
}
interface Page {
  readonly messages: readonly {
    readonly content: string;
    readonly receipts?: readonly { readonly agent_id: string; readonly state: string; readonly by: string }[];
  }[];
}

/** Calls a tool as the agent of the Inspector; answers its fields. */
async function call<T>(stage: Stage, tool: string, args: Readonly<Record<string, unknown>>): Promise<T> {
  const inspector = await program('@modelcontextprotocol/inspector', '2.12.0');
  const [, , , ...list] = readmeCommand('npx -y @modelcontextprotocol/inspector', stage);
  const words = list.map((word) => (word === 'tools/list' ? 'tools/call' : word));
  const given = Object.entries(args).flatMap(([name, value]) => [
    '--tool-arg',
    `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
  const called = await runIn(stage, inspector, [...words, '--tool-name', tool, ...given]);
  must(called.code === 0, `tools/call ${tool}`, called.output);
  const { structuredContent } = JSON.parse(called.stdout) as { structuredContent?: T };
  if (structuredContent === undefined) throw new Error(`${tool}: ${called.stdout.slice(-600)}`);
  return structuredContent;
}

/** Which agent `connect` has made of the client. */
function agentOf({ home }: Stage): string {
  const written = readFileSync(join(home, '.claude.json'), 'utf8');
  return /"X-Agent-Id": ?"([^"]+)"/.exec(written)?.[1] ?? '';
}

export const hookTest: ClientTest = {
  name: 'Claude Code, schub connect --hooks, beside Inspector',
  // The Inspector's, which speaks last.
  era: '2025-11-25',
  async run(stage) {
    await connect(stage, 'claude-code', '--hooks');
    const agent = agentOf(stage);
    const first = await claudeOf(stage, agent);
    must(!first.told.includes(QUESTION), 'the model knew before it was asked', first.told);
    const session_id = madeSession(first.told).id;
    const question = { session_id, content: QUESTION, message_type: 'question', to: [agent] };
    const { message_id } = await call<Posted>(stage, 'add_message', question);
    const second = await claudeOf(stage, agent);
    must(second.told.includes(QUESTION), 'the question did not reach the model', second.told);
    const after = { session_id, include_receipts: true };
    const { messages } = await call<Page>(stage, 'get_messages', after);
    const receipts = messages.find(({ content }) => content === QUESTION)?.receipts ?? [];
    const seen = receipts.find(({ agent_id }) => agent_id === agent);
    must(seen?.by === 'hook', `the receipt of message ${String(message_id)}`, JSON.stringify(receipts));
    return { version: second.version, did: `the question reached the model: ${seen?.state ?? ''} by hook` };
  },
};
