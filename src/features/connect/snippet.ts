/** What stands in the file of a client that is connected, for a machine that is not known: to be pasted by hand. */
import { packageInfo } from '../../config/package.ts';
import type { ConnectableClient, Link, Place } from './clients.ts';
import { SYNTAXES } from './syntax.ts';

export interface Snippet {
  /** Where it belongs; a client keeps its files in other places on other systems. */
  readonly paths: readonly string[];
  readonly text: string;
}

const PLATFORMS = ['linux', 'darwin', 'win32'] as const;

export function snippetOf(client: ConnectableClient, link: Link): Snippet {
  const files = PLATFORMS.map((platform) => client.user(placeOn(platform, link)));
  const [file] = files;
  if (file === undefined) throw new Error('no platform');
  return {
    paths: [...new Set(files.map(({ path }) => path))],
    text: SYNTAXES[file.syntax].edit('', file.edits(link)),
  };
}

/** As people write it who speak of any machine. */
function placeOn(platform: Place['platform'], { url }: Link): Place {
  const env = { APPDATA: '%APPDATA%', HUB_URL: url };
  return { env, home: '~', platform, cwd: '.', package: packageInfo() };
}
