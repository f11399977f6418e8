/** The check of plugins: whether the hub could load them, with what hub.config.yaml says to each. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { LoadedConfig } from '../../config/config.ts';
import { inspectPluginsApart } from '../../plugins/inspect.ts';
import type { PluginReport } from '../../plugins/inspect-thread.ts';
import { quoted } from './data.ts';
import { foundOr, ok, problem, type Finding } from './finding.ts';

const CHECK = 'plugins';

/** Nothing where there are none. */
export async function checkPlugins({ config, plugins: sections }: LoadedConfig): Promise<readonly Finding[]> {
  const { load, folder } = config.plugins;
  if (load.length === 0 && sections.size === 0 && !existsSync(folder)) return [];
  const { dataDir, mcp } = config;
  const { plugins, problems } = await inspectPluginsApart({ dataDir, load, folder, sections, ...mcp });
  const findings = problems.map((one) => problem(CHECK, one.message, mendOf(one, folder)));
  return plugins.length === 0 ? findings : foundOr(findings, ok(CHECK, plugins.join(', ')));
}

function mendOf({ of, from = '' }: PluginReport['problems'][number], folder: string): string {
  if (of === 'settings') return 'correct what hub.config.yaml says to it';
  if (of === 'set') return `load others: those that PLUGINS names, and the files of ${folder}`;
  // The hub takes no notice of a file that is named so.
  if (path.dirname(from) === folder) return `mv ${quoted(from)} ${quoted(`${from}.off`)}`;
  return 'mend it, or take it out of PLUGINS';
}
