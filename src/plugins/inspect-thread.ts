/**
 * Loads plugins as the hub does, and says what is wrong, in a thread of its own: whoever looks only is neither held up nor ended by
 * what modules do when they are loaded. None is started.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { StartError } from '../errors.ts';
import { PROMPT_DESCRIPTORS } from '../mcp/prompts.ts';
import { ADDRESSES } from '../mcp/resources.ts';
import { TOOLS } from '../mcp/tools/index.ts';
import { createLogger } from '../telemetry/log.ts';
import { createPluginHost } from './host.ts';
import { inspectPlugins, type LoadedPlugins, type PluginProblem, type PluginSources } from './load.ts';

/** What it says at its end. */
export interface PluginReport {
  /** Each with its version. */
  readonly plugins: readonly string[];
  readonly problems: readonly (Omit<PluginProblem, 'error'> & { readonly message: string })[];
}

export interface InspectPlugins extends PluginSources {
  readonly toolTimeoutMs: number;
  readonly maxResponseBytes: number;
}

const sources = workerData as InspectPlugins;
const loaded = await inspectPlugins(sources);
const clash = loaded.plugins.length > 0 && loaded.problems.length === 0 ? clashOf(loaded) : [];
const report: PluginReport = {
  plugins: loaded.plugins.map(({ plugin: { name, version } }) => `${name} ${version}`),
  problems: [...loaded.problems, ...clash].map(({ error, ...of }) => ({ ...of, message: error.message })),
};
parentPort?.postMessage(report);

/** What two of them, or one and the hub, cannot both add. */
function clashOf(all: LoadedPlugins): readonly PluginProblem[] {
  const log = createLogger({ level: 'silent', format: 'json' });
  const host = createPluginHost(all, { ...sources, log, now: Date.now });
  try {
    host.tools(TOOLS);
    host.added({ resources: ADDRESSES, prompts: PROMPT_DESCRIPTORS.map(({ name }) => name) });
    return [];
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return [{ of: 'set', error }];
  }
}
