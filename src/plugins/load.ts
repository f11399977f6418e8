/** Finds plugins and loads them: those that PLUGINS names, then those that lie in the folder. */
import { readdir } from 'node:fs/promises';
import nodeModule, { createRequire, type RegisterHooksOptions } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PluginSection } from '../config/file-texts.ts';
import { nearest } from '../config/nearest.ts';
import { StartError } from '../errors.ts';
import { systemCode } from '../lib/system-error.ts';
import { configure, type Configured } from './configure.ts';
import { demandGranted, demandWellFormed } from './definition.ts';
import { inOrder } from './order.ts';
import { isPlugin, type Plugin } from './plugin.ts';

export interface LoadedPlugin extends Configured {
  readonly plugin: Plugin;
  /** What it was loaded from, for operators. */
  readonly from: string;
}

/** Disposed of, no module of a plugin can be loaded any more. */
export interface LoadedPlugins extends Disposable {
  /** In the order in which they start. */
  readonly plugins: readonly LoadedPlugin[];
}

export interface PluginSources {
  /** Relative files start here, and packages are looked for in its node_modules, then beside the hub. */
  readonly dataDir: string;
  readonly load: readonly string[];
  readonly folder: string;
  /** What hub.config.yaml says to each. */
  readonly sections?: ReadonlyMap<string, PluginSection>;
}

const ENTRY = 'shared-context-hub/plugin';
const FILE = /^\.|[/\\].*\.[cm]?[jt]s$|^([/\\]|[A-Za-z]:)/;
const MODULE = /\.m?[jt]s$/;
const NOT_ONE = /\.(test|spec|d)\.m?[jt]s$/;

/** What keeps plugins from being loaded. */
export interface PluginProblem {
  /** Whether one cannot be loaded, they do not go together, or their settings are wrong. */
  readonly of: 'module' | 'set' | 'settings';
  /** Of a module: what it was to be loaded from. */
  readonly from?: string;
  readonly error: StartError;
}

/** @throws StartError naming the plugin and what is wrong with it. */
export async function loadPlugins(sources: PluginSources): Promise<LoadedPlugins> {
  const { problems, ...loaded } = await inspectPlugins(sources);
  const [problem] = problems;
  if (problem === undefined) return loaded;
  loaded[Symbol.dispose]();
  throw problem.error;
}

/** As {@link loadPlugins}, with those that are good, and all that is wrong. */
export async function inspectPlugins(
  sources: PluginSources,
): Promise<LoadedPlugins & { readonly problems: readonly PluginProblem[] }> {
  const { load, folder, sections = new Map<string, PluginSection>() } = sources;
  const problems: PluginProblem[] = [];
  const attempt = async <T>(where: Omit<PluginProblem, 'error'>, work: () => T | Promise<T>) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      problems.push({ ...where, error });
      return undefined;
    }
  };
  const inFolder = (await attempt({ of: 'set' }, () => modulesIn(folder))) ?? [];
  const any = load.length > 0 || inFolder.length > 0;
  const entry = any ? await attempt({ of: 'set' }, giveEntry) : undefined;
  try {
    const found: Pick<LoadedPlugin, 'plugin' | 'from'>[] = [];
    const one = async (from: string, find: () => string): Promise<void> => {
      const loaded = await attempt({ of: 'module', from }, () => loadOne(from, find));
      if (loaded !== undefined) found.push(loaded);
    };
    for (const named of load) await one(named, () => fileOf(named, sources));
    for (const file of inFolder) await one(file, () => file);
    // What is not there for a reason that was told is not missed.
    const whole = problems.length === 0;
    const ordered = whole ? ((await attempt({ of: 'set' }, () => inOrder(found))) ?? found) : found;
    if (whole) await attempt({ of: 'settings' }, () => demandKnown(ordered, sections));
    const plugins: LoadedPlugin[] = [];
    for (const it of ordered)
      await attempt({ of: 'settings' }, () => {
        const configured = { ...it, ...configure(it.plugin, sections.get(it.plugin.name)) };
        demandGranted(configured);
        plugins.push(configured);
      });
    return { plugins, problems, [Symbol.dispose]: () => entry?.[Symbol.dispose]() };
  } catch (error) {
    entry?.[Symbol.dispose]();
    throw error;
  }
}

/** The files that are plugins, by name; in a folder of its own one is `index.js`, or as there is written. */
async function modulesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw new StartError(`The folder of plugins ${folder} cannot be read.`, { cause: error });
  });
  return entries
    .filter((entry) => MODULE.test(entry.name) && !NOT_ONE.test(entry.name) && !entry.isDirectory())
    .map((entry) => path.join(folder, entry.name))
    .sort();
}

/** The files that PLUGINS names; packages are found only when they are loaded. */
export function pluginFiles(dataDir: string, load: readonly string[]): readonly string[] {
  return load.filter((named) => FILE.test(named)).map((named) => path.resolve(dataDir, named));
}

/** Where a file or a package that PLUGINS names lies. */
function fileOf(named: string, { dataDir }: PluginSources): string {
  if (FILE.test(named)) return path.resolve(dataDir, named);
  // As an import finds it: packages may have nothing for require.
  using _hooks = withHooks({
    resolve: (specifier, context, next) => next(specifier, { ...context, conditions: ['node', 'import'] }),
  });
  for (const base of [path.join(dataDir, 'plugins.js'), import.meta.filename]) {
    try {
      return createRequire(base).resolve(named);
    } catch (error) {
      if (systemCode(error) !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new StartError(
    `PLUGINS names the package ${named}, which is installed neither in ${dataDir} nor beside the hub: run npm install --prefix ${dataDir} ${named}.`,
  );
}

async function loadOne(
  named: string,
  find: () => string,
): Promise<{ readonly plugin: Plugin; readonly from: string }> {
  const module = await importModule(named, find);
  const plugin = [module['plugin'], module['default']].find(isPlugin);
  if (plugin === undefined)
    throw new StartError(
      `${named} is no plugin: it must export what definePlugin of ${ENTRY} answers, as plugin or as its default.`,
    );
  demandWellFormed(plugin, named);
  return { plugin, from: named };
}

async function importModule(named: string, find: () => string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(find()).href)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof StartError) throw error;
    const said = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new StartError(`The plugin ${named} cannot be loaded: ${said}.`, { cause: error });
  }
}

/** Wherever a plugin lies, what it imports as {@link ENTRY} is this very hub's. */
function giveEntry(): Disposable {
  const url = new URL(`plugin${path.extname(import.meta.filename)}`, import.meta.url).href;
  return withHooks({
    resolve: (specifier, context, next) =>
      specifier === ENTRY ? { url, shortCircuit: true } : next(specifier, context),
  });
}

/** @throws StartError where this Node cannot do it. */
function withHooks(hooks: RegisterHooksOptions): Disposable {
  const { registerHooks } = nodeModule as Partial<Pick<typeof nodeModule, 'registerHooks'>>;
  if (registerHooks === undefined)
    throw new StartError(`Plugins need Node 22.15 or newer; this is ${process.version}.`);
  const registered = registerHooks(hooks);
  return { [Symbol.dispose]: () => registered.deregister() };
}

/** @throws StartError about a section of a plugin that is not loaded. */
function demandKnown(
  loaded: readonly { readonly plugin: Plugin }[],
  sections: ReadonlyMap<string, PluginSection>,
): void {
  const names = loaded.map(({ plugin }) => plugin.name);
  for (const [name, { from }] of sections) {
    if (names.includes(name)) continue;
    const meant = nearest(name, names);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw new StartError(`${JSON.stringify(name)} ${from} is not a plugin that is loaded${hint}`);
  }
}
