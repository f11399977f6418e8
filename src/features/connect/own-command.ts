/** How this very program is started by others. */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import type { Surroundings } from '../../config/env.ts';
import type { PackageInfo } from '../../config/package.ts';

export interface OwnCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** Program and arguments that run a command of this schub, wherever they are started. */
export function own(info: PackageInfo, args: readonly string[]): OwnCommand {
  // What npx has fetched may be gone tomorrow.
  if (info.root.split(path.sep).includes('_npx'))
    return { command: 'npx', args: ['-y', `${info.name}@${info.version}`, ...args] };
  return { command: process.execPath, args: [path.join(info.root, 'bin', 'schub.mjs'), ...args] };
}

/** The same as a line for a shell: `schub …` where the user's PATH has it. */
export function ownLine(around: Pick<Surroundings, 'env' | 'package'>, args: readonly string[]): string {
  if (isInstalled('schub', around.env)) return ['schub', ...args].join(' ');
  const { command, args: all } = own(around.package, args);
  return quoted([command, ...all]);
}

/** The same for people to type: in a checkout its script, which finds a Node that fits. */
export function typedLine(around: Pick<Surroundings, 'env' | 'package'>, args: readonly string[]): string {
  const script = path.join(around.package.root, 'scripts', 'schub');
  if (isInstalled('schub', around.env) || !existsSync(script)) return ownLine(around, args);
  return quoted([script, ...args]);
}

function quoted(words: readonly string[]): string {
  return words.map((word) => (/^[\w@./:=-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}

/** Whether a program is on the PATH, other than as part of a package that npm has put before it. */
export function isInstalled(program: string, env: Surroundings['env']): boolean {
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(path.delimiter);
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  return folders
    .filter((folder) => folder !== '' && !folder.split(path.sep).includes('node_modules'))
    .some((folder) => names.some((name) => isExecutable(path.join(folder, name))));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
