/** MCP Inspector on the command line. */
import { type ClientTest, madeSession, must } from './client-test.ts';
import { program, runIn } from './programs.ts';
import { readmeCommand } from './readme.ts';

export const inspectorTest: ClientTest = {
  name: 'MCP Inspector',
  era: '2025-11-25',
  async run(stage) {
    const inspector = await program('@modelcontextprotocol/inspector', '2.12.0');
    const [, , , ...list] = readmeCommand('npx -y @modelcontextprotocol/inspector', stage);
    const listed = await runIn(stage, inspector, list);
    must(listed.code === 0, 'tools/list failed', listed.output);
    const { tools } = JSON.parse(listed.stdout) as { tools: { name: string }[] };
    const names = tools.map(({ name }) => name);
    must(names.includes('create_session'), 'tools', names.join());
    const call = list.map((word) => (word === 'tools/list' ? 'tools/call' : word));
    const tool = ['--tool-name', 'create_session', '--tool-arg', 'purpose=made by the inspector'];
    const called = await runIn(stage, inspector, [...call, ...tool]);
    must(called.code === 0, 'tools/call failed', called.output);
    madeSession(called.stdout);
    const did = `listed ${String(names.length)} tools; called create_session`;
    return { version: inspector.version, did };
  },
};
