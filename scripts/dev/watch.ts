/** Tells of changes that a running hub does not know of. */
import path from 'node:path';
import type { FSWatcher } from 'chokidar';
import { watch } from 'chokidar';

export interface Watch {
  /** Watches this file or folder too, whether it exists yet or not. */
  add(file: string): void;
  close(): Promise<void>;
}

/** Editors and version control write many files, each in several steps. */
const SETTLE_MS = 60;

/**
 * Watches what the hub in `root` is made of; `onChange` gets what changed, once for changes that come together.
 * Resolves when it watches.
 */
export async function watchHub(
  root: string,
  onChange: (files: readonly string[]) => void,
  onError: (error: unknown) => void,
): Promise<Watch> {
  const source = path.join(root, 'src');
  const own = [source, path.join(root, 'migrations'), path.join(root, 'package.json')];
  const others = new Set([path.join(root, '.env')]);
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const watcher: FSWatcher = watch([...own, ...others], {
    ignoreInitial: true,
    ignored: (file) => !others.has(file) && isNoPart(path.relative(root, file)),
  });
  // Where the folder of a file does not exist yet, all that appears in it is reported: the data of the hub itself.
  const isWatched = (file: string): boolean =>
    [...others, ...own].some((part) => file === part || file.startsWith(part + path.sep));
  watcher.on('all', (_event, file) => {
    if (!isWatched(file)) return;
    changed.add(path.relative(root, file));
    clearTimeout(timer);
    timer = setTimeout(() => {
      const files = [...changed];
      changed.clear();
      onChange(files);
    }, SETTLE_MS);
  });
  watcher.on('error', onError);
  await new Promise<void>((resolve) => {
    watcher.once('ready', resolve);
  });
  return {
    add(file) {
      if (others.has(file)) return;
      others.add(file);
      watcher.add(file);
    },
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

/** Tests, packages, and what editors put beside the file they write. */
function isNoPart(file: string): boolean {
  const name = path.basename(file);
  return /\.test\.[cm]?[jt]sx?$|^node_modules$|^\.|~$|^#.*#$|^\d+$|\.(swp|swx|tmp)$/.test(name);
}
