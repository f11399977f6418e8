/** The surroundings of the process. Nothing else reads `process.env`. */
import { readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { isatty } from 'node:tty';
import { systemCode, systemReason } from '../lib/system-error.ts';
import type { ConfigSources } from './config.ts';
import type { PackageInfo } from './package.ts';
import { packageInfo } from './package.ts';
import type { TextFile } from './file-texts.ts';
import { dataFiles, dataFolder } from './paths.ts';
import type { SettingKey } from './settings.ts';
import { StartError } from '../errors.ts';
import { UsageError } from './usage-error.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly cwd: string;
  /** Whether standard error is a terminal. */
  readonly terminal: boolean;
  readonly package: PackageInfo;
  /** The `hub.config.yaml` that is named on the command line; absent: the one that lies where `.env` does. */
  readonly configFile?: string | undefined;
}

/** What this process was started with and in. */
export function surroundings(configFile?: string): Surroundings {
  return {
    env: { ...process.env },
    platform: process.platform,
    home: homedir(),
    cwd: process.cwd(),
    terminal: isatty(2),
    package: packageInfo(),
    configFile,
  };
}

/**
 * Where the configuration is read from, the files that count included.
 * @throws StartError if one of them exists but cannot be read, UsageError if the one that is named cannot.
 */
export function configSources(
  around: Surroundings,
  flags: Readonly<Partial<Record<SettingKey, string>>> = {},
): ConfigSources {
  return {
    flags,
    env: around.env,
    dotenv: readTextFile(dotenvFile(around)),
    yaml: readNamedFile(around) ?? readTextFile(settingsFile(around)),
    dataDir: dataFolder(around),
    cwd: around.cwd,
    terminal: around.terminal,
  };
}

/** The one `.env` that counts, whether it exists or not. */
export function dotenvFile(around: Surroundings): string {
  return dataFiles.dotenv(settingsFolder(around));
}

/** The one `hub.config.yaml` that counts, whether it exists or not. */
export function settingsFile(around: Surroundings): string {
  const { configFile, cwd } = around;
  if (configFile === undefined) return dataFiles.settings(settingsFolder(around));
  return path.resolve(cwd, configFile);
}

/** Never the working folder: that is somebody's project. */
function settingsFolder(around: Surroundings): string {
  return startedByNpmInClone(around) ? around.package.root : dataFolder(around);
}

/**
 * Whether a script of this very package runs: npm names the package.json whose script (or `npx`) it started. Where that
 * is another one, or this package lies in somebody's node_modules, the folder is not the operator's to configure the hub in.
 */
export function startedByNpmInClone({ env, package: { root, name } }: Surroundings): boolean {
  if (root.split(path.sep).includes('node_modules')) return false;
  const named = env['npm_package_json'];
  if (named !== undefined) return realPath(named) === realPath(path.join(root, 'package.json'));
  // Other package managers name the package only.
  return env['npm_lifecycle_event'] !== undefined && env['npm_package_name'] === name;
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}

/** Undefined: none is named. */
function readNamedFile(around: Surroundings): TextFile | undefined {
  if (around.configFile === undefined) return undefined;
  const file = settingsFile(around);
  const read = readTextFile(file);
  if (read === null) throw new UsageError(`--config names ${file}, which does not exist.`);
  return read;
}

function readTextFile(file: string): TextFile | null {
  try {
    return { path: file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null;
    throw new StartError(`The settings file ${file} cannot be read: ${systemReason(error)}.`, {
      cause: error,
    });
  }
}
