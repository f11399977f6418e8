/** `serve` and `up`: a hub, or what `MCP_TRANSPORT=stdio` makes of them. */
import { createConfig } from '../config/config.ts';
import { configSources } from '../config/env.ts';
import type { ServeDeps } from './serve.ts';

/** Answers the exit code. @throws StartError if the hub cannot start, CliError if the bridge cannot. */
export async function serveOrBridge(command: 'serve' | 'up', deps: ServeDeps): Promise<number> {
  const { mcp } = createConfig(configSources(deps.around, deps.flags));
  if (mcp.transport === 'stdio') return (await import('./stdio/stdio.ts')).stdio(deps);
  return command === 'serve' ? (await import('./serve.ts')).serve(deps) : (await import('./up.ts')).up(deps);
}
