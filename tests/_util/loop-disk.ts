/** A small ext4 of its own in a file, whose power can be cut: needs root and loop devices. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, ftruncateSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, noShim } from './disk-shim.ts';

const IMAGE_BYTES = 256 * 1024 ** 2;

export interface LoopDisk {
  /** Where it is mounted. */
  readonly folder: string;
  /** From now on nothing reaches the disk, whatever was in memory included. */
  cutPower(): void;
  /** To be called once nobody uses it any more. */
  powerUp(): void;
  remove(): void;
}

/** Makes and mounts one below `folder`. @throws where that is not possible. */
export function loopDisk(folder: string): LoopDisk {
  const image = join(folder, 'image');
  const at = join(folder, 'disk');
  const shutdown = compile('shutdown', folder);
  const file = openSync(image, 'w');
  ftruncateSync(file, IMAGE_BYTES);
  closeSync(file);
  run('mkfs.ext4', '-q', '-F', image);
  mkdirSync(at);
  const mount = (): void => run('mount', '-o', 'loop', '-t', 'ext4', image, at);
  const unmount = (): void => run('umount', at);
  mount();
  return {
    folder: at,
    cutPower: () => run(shutdown, at),
    powerUp() {
      unmount();
      mount();
    },
    remove: unmount,
  };
}

function run(command: string, ...args: readonly string[]): void {
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
  execFileSync(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Why there can be no such disk here; undefined if there can. */
export const noLoopDisk: string | undefined = noShim ?? missing();

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const folder = mkdtempSync(join(tmpdir(), 'schub-loop-'));
  try {
    loopDisk(folder).remove();
    return undefined;
  } catch {
    return 'needs loop devices and ext4';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
