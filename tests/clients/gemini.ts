/** Gemini CLI, with the stand-in as its model. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClientTest, madeSession, must, type Stage } from './client-test.ts';
import { program, runIn } from './programs.ts';
import { readmeCommand } from './readme.ts';

export const geminiTest: ClientTest = {
  name: 'Gemini CLI',
  era: '2025-06-18',
  async run(stage) {
    const gemini = await program('@google/gemini-cli', '0.61.0');
    const env = {
      // In a folder it does not trust it starts no MCP server, not even the user's own.
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
      GEMINI_API_KEY: 'stand-in',
      GOOGLE_GEMINI_BASE_URL: stage.model.url,
    };
    const [, ...add] = readmeCommand('gemini mcp add', stage);
    const { code, output } = await runIn(stage, gemini, add, env);
    must(code === 0, 'gemini mcp add failed', output);
    const listed = await runIn(stage, gemini, ['mcp', 'list'], env);
    must(/hub: .* - Connected$/m.test(listed.output), 'gemini mcp list', listed.output);
    useApiKey(stage);
    const ask = ['-m', 'gemini-2.5-flash', '-p', 'Make a session.', '--yolo'];
    const asked = await runIn(stage, gemini, ask, env);
    must(asked.code === 0, 'gemini -p failed', asked.output);
    const { by } = madeSession(stage.model.takeToolResult());
    must(by === 'gemini', 'the session is not by the agent of README.md', by);
    return { version: gemini.version, did: 'Connected; called create_session' };
  },
};

/** What its first question to a new user is about. */
function useApiKey({ home }: Stage): void {
  const file = join(home, '.gemini', 'settings.json');
  const settings = JSON.parse(readFileSync(file, 'utf8')) as object;
  const security = { auth: { selectedType: 'gemini-api-key' } };
  writeFileSync(file, JSON.stringify({ ...settings, security }));
}
