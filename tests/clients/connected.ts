/** Clients that find the hub through the files that `schub connect` wrote into an empty home; it was installed from its tarball. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runProgram } from '../../scripts/scratch-install.ts';
import { QUIET } from './claude.ts';
import { type ClientTest, madeSession, must, type Stage } from './client-test.ts';
import { envOf, program, runIn } from './programs.ts';

const TIMEOUT_MS = 60_000;

/** Runs `schub connect` of the packed package; the keys are made at the hub through the wire. */
export async function connect(stage: Stage, ...args: readonly string[]): Promise<void> {
  const env = envOf(stage, { USER: 'ann', HUB_URL: stage.base, HUB_API_KEY: stage.adminKey });
  const command = [await stage.schub(), 'connect', ...args];
  const options = { cwd: stage.home, env, timeoutMs: TIMEOUT_MS };
  const { code, output } = await runProgram(process.execPath, command, options);
  must(code === 0, `schub connect ${args.join(' ')}`, output);
  stage.wire.forget();
}

/** What has been made in the project is named by variables, as the user sets them. */
function variables({ home }: Stage): Record<string, string> {
  const file = join(home, '.local', 'share', 'shared-context-hub', 'connect', 'keys.env');
  const lines = readFileSync(file, 'utf8').matchAll(/^export (\w+)='(.*)'$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}

/** Has Claude Code make a session; answers what its model was told by then. */
export async function claudeOf(
  stage: Stage,
  agent: string,
  more: { readonly flags?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly version: string; readonly told: string }> {
  const claude = await program('@anthropic-ai/claude-code', '2.1.329', 'cli-wrapper.cjs');
  const model = { ANTHROPIC_BASE_URL: stage.model.url, ANTHROPIC_API_KEY: 'sk-ant-stand-in' };
  const ask = ['-p', 'Make a session.', ...(more.flags ?? []), '--allowedTools', 'mcp__hub__create_session'];
  const asked = await runIn(stage, claude, ask, { ...QUIET, ...more.env, ...model });
  must(asked.code === 0, 'claude -p failed', asked.output);
  const told = stage.model.takeToolResult();
  const { by } = madeSession(told);
  must(by === agent, 'the session is not by the agent that connect chose', by);
  return { version: claude.version, told };
}

const claudeUser: ClientTest = {
  name: 'Claude Code, schub connect',
  era: '2026-07-28',
  async run(stage) {
    await connect(stage, 'claude-code');
    const claude = await program('@anthropic-ai/claude-code', '2.1.329', 'cli-wrapper.cjs');
    const listed = await runIn(stage, claude, ['mcp', 'list'], QUIET);
    must(/^hub: .*✔ Connected$/m.test(listed.output), 'claude mcp list', listed.output);
    const { version } = await claudeOf(stage, 'claude-code@ann');
    return { version, did: 'Connected; called create_session' };
  },
};

const claudeProject: ClientTest = {
  name: 'Claude Code, schub connect --scope project',
  era: '2026-07-28',
  async run(stage) {
    await connect(stage, 'claude-code', '--scope', 'project');
    const flags = ['--mcp-config', '.mcp.json'];
    const { version } = await claudeOf(stage, `claude-code.${basename(stage.home)}`, {
      flags,
      env: variables(stage),
    });
    return { version, did: 'expanded the variable; called create_session' };
  },
};

const DESKTOP = join('.config', 'Claude', 'claude_desktop_config.json');

const claudeStdio: ClientTest = {
  name: "Claude Code, Claude Desktop's file: schub stdio",
  era: '2026-07-28',
  async run(stage) {
    await connect(stage, 'claude-desktop');
    const { version } = await claudeOf(stage, 'claude-desktop@ann', { flags: ['--mcp-config', DESKTOP] });
    return { version, did: 'called create_session' };
  },
};

function codex(name: string, scope: 'user' | 'project'): ClientTest {
  return {
    name,
    era: '2025-06-18',
    async run(stage) {
      await connect(stage, 'codex', '--scope', scope);
      const installed = await program('@openai/codex', '0.169.0');
      const env = { STAND_IN_KEY: 'none', ...(scope === 'project' ? variables(stage) : {}) };
      // Codex takes a project's configuration where the project is trusted.
      const trust = ['-c', `projects."${stage.home}".trust_level="trusted"`];
      const listed = await runIn(stage, installed, [...trust, 'mcp', 'list'], env);
      must(/^hub .*enabled/m.test(listed.output), 'codex mcp list', listed.output);
      const provider = {
        name: 'stand-in',
        base_url: `${stage.model.url}/v1`,
        env_key: 'STAND_IN_KEY',
        wire_api: 'responses',
      };
      const settings = Object.entries(provider).map(
        ([key, value]) => `model_providers.standin.${key}=${value}`,
      );
      const flags = ['model_provider=standin', ...settings].flatMap((setting) => ['-c', setting]);
      const ask = ['exec', '--skip-git-repo-check', ...trust, ...flags, '-m', 'stand-in', 'Make a session.'];
      const asked = await runIn(stage, installed, ask, env);
      must(asked.code === 0, 'codex exec failed', asked.output);
      const { by } = madeSession(stage.model.takeToolResult());
      must(
        by.startsWith(scope === 'user' ? 'codex@ann' : 'codex.'),
        'not by the agent that connect chose',
        by,
      );
      return { version: installed.version, did: `listed; called create_session as ${by}` };
    },
  };
}

const gemini: ClientTest = {
  name: 'Gemini CLI, schub connect',
  era: '2025-06-18',
  async run(stage) {
    await connect(stage, 'gemini');
    const installed = await program('@google/gemini-cli', '0.61.0');
    const env = { GEMINI_CLI_TRUST_WORKSPACE: 'true', GEMINI_API_KEY: 'stand-in' };
    const listed = await runIn(stage, installed, ['mcp', 'list'], env);
    must(/hub: .* - Connected$/m.test(listed.output), 'gemini mcp list', listed.output);
    return { version: installed.version, did: 'Connected' };
  },
};

/** Inspector reads the files of other clients; Claude Desktop's starts the bridge. */
function inspector(name: string, client: string, file: string): ClientTest {
  return {
    name,
    era: '2025-11-25',
    async run(stage) {
      await connect(stage, client);
      const installed = await program('@modelcontextprotocol/inspector', '2.12.0');
      const args = ['--cli', '--config', join(stage.home, file), '--server', 'hub', '--method', 'tools/list'];
      const listed = await runIn(stage, installed, args);
      must(listed.code === 0, 'tools/list failed', listed.output);
      const { tools } = JSON.parse(listed.stdout) as { tools: { name: string }[] };
      must(
        tools.some((tool) => tool.name === 'create_session'),
        'tools',
        listed.stdout,
      );
      return { version: installed.version, did: `listed ${String(tools.length)} tools` };
    },
  };
}

export const connectedTests: readonly ClientTest[] = [
  claudeUser,
  claudeProject,
  claudeStdio,
  codex('Codex, schub connect', 'user'),
  codex('Codex, schub connect --scope project', 'project'),
  gemini,
  inspector("Inspector, Claude Code's file", 'claude-code', '.claude.json'),
  inspector("Inspector, Claude Desktop's file: schub stdio", 'claude-desktop', DESKTOP),
];
