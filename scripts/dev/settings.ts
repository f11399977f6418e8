/** Where the settings of a hub that is started here come from. */
import { createConfig } from '../../src/config/config.ts';
import { configSources } from '../../src/config/env.ts';
import type { Given } from './flags.ts';
import { StartError } from '../../src/errors.ts';
import { pluginFiles } from '../../src/plugins/load.ts';
import type { Place } from './messages.ts';

/** Where the hub is to listen, null if its settings are wrong, and where its plugins lie. */
export function told({ around, flags }: Given): {
  readonly place: Place | null;
  readonly files: readonly string[];
} {
  try {
    const { http, plugins, dataDir } = createConfig(configSources(around, flags));
    const { host, port } = http;
    return { place: { host, port }, files: [plugins.folder, ...pluginFiles(dataDir, plugins.load)] };
  } catch (error) {
    if (error instanceof StartError) return { place: null, files: [] };
    throw error;
  }
}
