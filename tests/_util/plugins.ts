/** Hubs with plugins that a test writes. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PluginSection } from '../../src/config/file-texts.ts';
import { ADMIN_KEY, startTestHub, temporaryFolder, type TestHub, type TestHubOptions } from './test-hub.ts';

export const IMPORTS = `import { definePlugin, HubError, z } from 'shared-context-hub/plugin';\n`;

/** A module whose plugin is what stands between the braces of `definePlugin({ … })`. */
export function pluginText(name: string, parts: string): string {
  return `${IMPORTS}export const plugin = definePlugin({ name: '${name}', version: '1.0.0', ${parts} });\n`;
}

export interface PluginHubOptions extends TestHubOptions {
  /** Sources by the name of the plugin, as {@link pluginText} takes them. */
  readonly plugins: Readonly<Record<string, string>>;
  /** What the settings say to each. */
  readonly sections?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export function sectionsOf(
  sections: NonNullable<PluginHubOptions['sections']>,
): ReadonlyMap<string, PluginSection> {
  return new Map(
    Object.entries(sections).map(([name, values]) => [name, { values, from: 'in hub.config.yaml, line 1' }]),
  );
}

/** A hub with these plugins in its folder. */
export async function startPluginHub({
  plugins,
  sections = {},
  ...options
}: PluginHubOptions): Promise<TestHub> {
  const folder = options.folder ?? temporaryFolder();
  mkdirSync(path.join(folder, 'plugins'), { recursive: true });
  for (const [name, parts] of Object.entries(plugins))
    writeFileSync(path.join(folder, 'plugins', `${name}.mjs`), pluginText(name, parts));
  const remove = (): void => {
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const hub = await startTestHub({ ...options, folder, pluginSections: sectionsOf(sections) });
    return {
      ...hub,
      async [Symbol.asyncDispose]() {
        await hub[Symbol.asyncDispose]();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

interface Part {
  readonly part: string;
  readonly status: string;
  readonly reason?: string;
}

/** How a plugin does, as operators are told. */
export async function healthOfPlugin(hub: TestHub, name: string): Promise<Part | undefined> {
  const response = await hub.request('/api/v1/health', { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  const { parts } = (await response.json()) as { parts: readonly Part[] };
  return parts.find(({ part }) => part === `plugin:${name}`);
}
