/** The package this code is part of. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const NAME = 'shared-context-hub';

export interface PackageInfo {
  readonly name: string;
  readonly version: string;
  /** The folder of its package.json. */
  readonly root: string;
}

/** Finds the package.json above this module, whether it runs from the sources or from the build. */
export function packageInfo(from: string = import.meta.dirname): PackageInfo {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const version = versionIn(path.join(folder, 'package.json'));
    if (version !== undefined) return { name: NAME, version, root: folder };
    if (folder === path.dirname(folder)) throw new Error(`No package.json of ${NAME} above ${from}`);
  }
}

function versionIn(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const json: unknown = JSON.parse(text);
  if (typeof json !== 'object' || json === null || !('name' in json) || !('version' in json))
    return undefined;
  return json.name === NAME ? String(json.version) : undefined;
}
