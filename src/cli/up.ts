/** `schub up`: serve, unless the hub of the data folder runs already. */
import { configSources } from '../config/env.ts';
import { StartError } from '../errors.ts';
import { findHub } from './find-hub.ts';
import type { ServeDeps } from './serve.ts';
import { serve } from './serve.ts';

/** Answers the exit code. @throws StartError if no hub runs and none can be started. */
export async function up(deps: ServeDeps): Promise<number> {
  const { dataDir } = configSources(deps.around, deps.flags);
  if (await tellRunning(deps, dataDir)) return 0;
  try {
    return await serve(deps);
  } catch (error) {
    // Somebody else was quicker: that one's hub is as good.
    if (error instanceof StartError && (await tellRunning(deps, dataDir))) return 0;
    throw error;
  }
}

async function tellRunning({ output }: ServeDeps, dataDir: string): Promise<boolean> {
  const running = await findHub(dataDir);
  if (running === undefined) return false;
  output.line(
    `ready ${running.url} (MCP at ${running.url}/mcp; process ${String(running.pid)} runs it already)`,
  );
  return true;
}
