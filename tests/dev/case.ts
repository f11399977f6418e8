/** `npm run dev -- --validate` and `-- --info` on data folders of their own. */
import { cpSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Checkout } from './checkout.ts';

/** As where the hub is not started by npm: the `.env` of the data folder counts. */
export const noClone = { npm_package_json: undefined };

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly lines: readonly string[];
  readonly err: string;
}

export interface Case {
  /** Base of the data folder, and the folder. */
  readonly share: string;
  readonly folder: string;
  /** The path of a file in the folder, which exists from now on. */
  file(name: string): string;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Answer>;
}

/** Makes the checkout's data folder one that a hub has used and left. */
export async function useDataFolder(checkout: Checkout): Promise<void> {
  const dev = checkout.dev([], { HTTP_PORT: '0', LOG_LEVEL: 'silent', ...noClone });
  await dev.ready();
  dev.kill('SIGTERM');
  if ((await dev.ended) !== 0) throw new Error(dev.stderr());
}

let count = 0;

/** A data folder that does not exist yet, or a copy of the checkout's own. */
export function makeCase(checkout: Checkout, kind: 'new' | 'used' = 'new'): Case {
  const share = path.join(checkout.share, `case-${count++}`);
  const folder = path.join(share, 'shared-context-hub');
  mkdirSync(share);
  if (kind === 'used') cpSync(checkout.data(), folder, { recursive: true });
  return {
    share,
    folder,
    file(name) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return path.join(folder, name);
    },
    async run(args, env = {}) {
      const dev = checkout.dev(args, { HOME: share, XDG_DATA_HOME: share, ...noClone, ...env });
      const code = await dev.ended;
      const out = dev.stdout();
      return { code, out, lines: out.split('\n').slice(0, -1), err: dev.stderr() };
    },
  };
}

/** What a folder holds, changes included. */
export function entriesOf(folder: string): readonly unknown[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder).map((name) => {
    const { size, mtimeMs, mode } = statSync(path.join(folder, name));
    return { name, size, mtimeMs, mode };
  });
}
