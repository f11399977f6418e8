/** Where the hub keeps its files. */
import path from 'node:path';

const FOLDER = 'shared-context-hub';

export interface Place {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/**
 * The data folder: below `$XDG_DATA_HOME` where that is set to an absolute path (a relative one is ignored, as the XDG
 * specification demands), else the platform's own.
 */
export function dataFolder({ env, platform, home }: Place): string {
  const p = platform === 'win32' ? path.win32 : path.posix;
  const xdg = env['XDG_DATA_HOME'];
  if (xdg !== undefined && p.isAbsolute(xdg)) return p.join(xdg, FOLDER);
  const local = env['LOCALAPPDATA'];
  if (platform === 'darwin') return p.join(home, 'Library', 'Application Support', FOLDER);
  if (platform === 'win32') {
    return p.join(
      local !== undefined && p.isAbsolute(local) ? local : p.join(home, 'AppData', 'Local'),
      FOLDER,
    );
  }
  return p.join(home, '.local', 'share', FOLDER);
}

/** The files of a data folder. */
export const dataFiles = {
  database: (dataDir: string): string => path.join(dataDir, 'hub.db'),
  backups: (dataDir: string): string => path.join(dataDir, 'backups'),
  secrets: (dataDir: string): string => path.join(dataDir, 'secrets.json'),
  log: (dataDir: string): string => path.join(dataDir, 'hub.log'),
  runtime: (dataDir: string): string => path.join(dataDir, 'hub.json'),
  plugins: (dataDir: string): string => path.join(dataDir, 'plugins'),
  /** What `connect` has done, and the keys it made. */
  connect: (dataDir: string): string => path.join(dataDir, 'connect'),
  /** The values of the variables that files of projects name in place of keys: a file for shells. */
  variables: (dataDir: string): string => path.join(dataDir, 'connect', 'keys.env'),
  dotenv: (folder: string): string => path.join(folder, '.env'),
  settings: (folder: string): string => path.join(folder, 'hub.config.yaml'),
} as const;
