/** Claude Code: which speaks the current revision, or the one before if told to. */
import { type ClientTest, madeSession, must, type Stage } from './client-test.ts';
import { program, runIn } from './programs.ts';
import { readmeCommand } from './readme.ts';

export const QUIET = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  // Tools are named to the model at once, not looked for by it.
  ENABLE_TOOL_SEARCH: 'false',
};

async function added(stage: Stage) {
  const claude = await program('@anthropic-ai/claude-code', '2.1.329', 'cli-wrapper.cjs');
  const [, ...add] = readmeCommand('claude mcp add', stage);
  const { code, output } = await runIn(stage, claude, add, QUIET);
  must(code === 0, 'claude mcp add failed', output);
  return claude;
}

function claude(name: string, era: string, more: Readonly<Record<string, string>>): ClientTest {
  return {
    name,
    era,
    async run(stage) {
      const installed = await added(stage);
      const env = { ...QUIET, ...more };
      const [, ...list] = readmeCommand('claude mcp list', stage);
      const listed = await runIn(stage, installed, list, env);
      must(/^hub: .*✔ Connected$/m.test(listed.output), 'claude mcp list', listed.output);
      const model = { ANTHROPIC_BASE_URL: stage.model.url, ANTHROPIC_API_KEY: 'sk-ant-stand-in' };
      const ask = ['-p', 'Make a session.', '--allowedTools', 'mcp__hub__create_session'];
      const asked = await runIn(stage, installed, ask, { ...env, ...model });
      must(asked.code === 0, 'claude -p failed', asked.output);
      const { by } = madeSession(stage.model.takeToolResult());
      must(by === 'claude', 'the session is not by the agent of README.md', by);
      return { version: installed.version, did: 'Connected; called create_session' };
    },
  };
}

const wrongKey: ClientTest = {
  name: 'Claude Code, wrong key',
  era: null,
  async run(stage) {
    const wrong = { ...stage, key: 'schk_wrong-wrong-wrong-wrong-wrong' };
    const installed = await added(wrong);
    const { output } = await runIn(stage, installed, ['mcp', 'list'], QUIET);
    must(!output.includes('✔ Connected') && output.includes('HTTP 401'), 'claude mcp list', output);
    const statuses = new Set(stage.wire.seen.map(({ status }) => status));
    must(statuses.size > 0 && !statuses.has(200), 'statuses', [...statuses].join());
    return { version: installed.version, did: 'not connected: HTTP 401' };
  },
};

export const claudeTests: readonly ClientTest[] = [
  claude('Claude Code', '2026-07-28', {}),
  claude('Claude Code, legacy', '2025-11-25', { MCP_PROTOCOL_NEGOTIATION: 'legacy' }),
  wrongKey,
];
