/** Clients that bring the hub to programs which speak over standard input and output. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { type ClientTest, madeSession, must, type Stage } from './client-test.ts';
import { envOf, program } from './programs.ts';
import { readmeCommand } from './readme.ts';

/** Lists the tools and makes a session through a bridge; says so. */
export async function driveBridge(stage: Stage, command: string, args: readonly string[]): Promise<string> {
  const transport = new StdioClientTransport({
    ...{ command, args: [...args], env: envOf(stage) },
    ...{ cwd: stage.home, stderr: 'pipe' },
  });
  let said = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const client = new Client({ name: 'bridged', version: '1.0.0' });
  try {
    await client.connect(transport);
    const { tools } = await client.listTools();
    must(tools.length > 0, 'no tools', said);
    const made = await client.callTool({
      name: 'create_session',
      arguments: { purpose: 'made through a bridge' },
    });
    madeSession(JSON.stringify(made));
    return `listed ${String(tools.length)} tools; called create_session`;
  } catch (error) {
    throw new Error(`${String(error)}: ${said.slice(-600)}`, { cause: error });
  } finally {
    await client.close();
  }
}

export const mcpRemoteTest: ClientTest = {
  name: 'mcp-remote',
  era: '2025-11-25',
  async run(stage) {
    const remote = await program('mcp-remote', '0.15.1');
    const [, , , ...args] = readmeCommand('npx -y mcp-remote', stage);
    const did = await driveBridge(stage, process.execPath, [remote.script, ...args]);
    return { version: remote.version, did };
  },
};
