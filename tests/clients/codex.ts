/** Codex, with the stand-in as its model. */
import { type ClientTest, madeSession, must } from './client-test.ts';
import { program, runIn } from './programs.ts';
import { readmeCommand } from './readme.ts';

export const codexTest: ClientTest = {
  name: 'Codex',
  era: '2025-06-18',
  async run(stage) {
    const codex = await program('@openai/codex', '0.169.0');
    const env = { HUB_KEY: stage.key, STAND_IN_KEY: 'none' };
    const [, ...add] = readmeCommand('codex mcp add', stage);
    const { code, output } = await runIn(stage, codex, add, env);
    must(code === 0, 'codex mcp add failed', output);
    const listed = await runIn(stage, codex, ['mcp', 'list'], env);
    must(/^hub .*HUB_KEY .*enabled/m.test(listed.output), 'codex mcp list', listed.output);
    const provider = {
      name: 'stand-in',
      base_url: `${stage.model.url}/v1`,
      env_key: 'STAND_IN_KEY',
      wire_api: 'responses',
    };
    const settings = Object.entries(provider).map(
      ([name, value]) => `model_providers.standin.${name}=${value}`,
    );
    const flags = ['model_provider=standin', ...settings].flatMap((setting) => ['-c', setting]);
    const ask = ['exec', '--skip-git-repo-check', ...flags, '-m', 'stand-in', 'Make a session.'];
    const asked = await runIn(stage, codex, ask, env);
    must(asked.code === 0, 'codex exec failed', asked.output);
    madeSession(stage.model.takeToolResult());
    return { version: codex.version, did: 'listed; called create_session' };
  },
};
