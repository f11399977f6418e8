/** Where the settings of a hub that is started here come from. */
import { createConfig } from '../../src/config/config.ts';
import { configSources, surroundings } from '../../src/config/env.ts';
import type { SettingKey } from '../../src/config/settings.ts';
import { StartError } from '../../src/errors.ts';
import type { Place } from './messages.ts';

export type Flags = Readonly<Partial<Record<SettingKey, string>>>;

/** Where the hub is to listen; null if its settings are wrong. */
export function placeOf(flags: Flags): Place | null {
  try {
    const { host, port } = createConfig(configSources(surroundings(), flags)).http;
    return { host, port };
  } catch (error) {
    if (error instanceof StartError) return null;
    throw error;
  }
}
