/** The surroundings of the process. Nothing else reads `process.env`. */
import { readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { isatty } from 'node:tty';
import { systemCode, systemReason } from '../lib/system-error.ts';
import type { ConfigSources } from './config.ts';
import type { PackageInfo } from './package.ts';
import { packageInfo } from './package.ts';
import { dataFiles, dataFolder } from './paths.ts';
import type { DotenvFile } from './resolve.ts';
import type { SettingKey } from './settings.ts';
import { StartError } from '../errors.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly cwd: string;
  /** Whether standard error is a terminal. */
  readonly terminal: boolean;
  readonly package: PackageInfo;
}

/** What this process was started with and in. */
export function surroundings(): Surroundings {
  return {
    env: { ...process.env },
    platform: process.platform,
    home: homedir(),
    cwd: process.cwd(),
    terminal: isatty(2),
    package: packageInfo(),
  };
}

/**
 * Where the configuration is read from, the one `.env` that counts included.
 * @throws StartError if that file exists but cannot be read.
 */
export function configSources(
  around: Surroundings,
  flags: Readonly<Partial<Record<SettingKey, string>>> = {},
): ConfigSources {
  return {
    flags,
    env: around.env,
    dotenv: readDotenvFile(dotenvFile(around)),
    dataDir: dataFolder(around),
    cwd: around.cwd,
    terminal: around.terminal,
  };
}

/** The one `.env` that counts, whether it exists or not. */
export function dotenvFile(around: Surroundings): string {
  return dataFiles.dotenv(startedByNpmInClone(around) ? around.package.root : dataFolder(around));
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

function readDotenvFile(file: string): DotenvFile | null {
  try {
    return { path: file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null;
    throw new StartError(`The settings file ${file} cannot be read: ${systemReason(error)}.`, {
      cause: error,
    });
  }
}
