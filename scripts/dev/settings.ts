/** Where the settings of a hub that is started here come from. */
import { createConfig } from '../../src/config/config.ts';
import { configSources } from '../../src/config/env.ts';
import type { Given } from './flags.ts';
import { StartError } from '../../src/errors.ts';
import type { Place } from './messages.ts';

/** Where the hub is to listen; null if its settings are wrong. */
export function placeOf({ around, flags }: Given): Place | null {
  try {
    const { host, port } = createConfig(configSources(around, flags)).http;
    return { host, port };
  } catch (error) {
    if (error instanceof StartError) return null;
    throw error;
  }
}
