/** Checks of what lies on the disk: rights, room, the database. None makes or changes a file of the hub. */
import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../../config/config.ts';
import { dataFiles } from '../../config/paths.ts';
import { findDamage } from '../../store/sqlite/damage.ts';
import { openReader } from '../../store/sqlite/connection.ts';
import { databaseProblem, folderProblem } from './files.ts';
import { foundOr, ok, problem, warning, type Finding } from './finding.ts';

const MIB = 1024 ** 2;
/** The hub folds its log into the file far below this; a larger one means that something keeps it from doing so. */
const LARGE_LOG_BYTES = 1024 * MIB;
/** What clocks of one machine may differ by. */
const CLOCK_SLACK_MS = 5 * 60_000;
const OTHERS = 0o077;

export async function checkFolders({ dataDir, store }: Config): Promise<readonly Finding[]> {
  const places = new Set([dataDir, path.dirname(store.path)]);
  const findings = await Promise.all(
    [...places].map(async (folder): Promise<Finding> => {
      const wrong = await folderProblem(folder, 'folder');
      if (wrong === undefined) return ok('data folder', folder);
      const mend = wrong.includes('is no folder')
        ? `mv ${quoted(folder)} ${quoted(`${folder}.old`)}`
        : `chown -R "$(id -un)" ${quoted(folder)} && chmod u+rwx ${quoted(folder)}`;
      return problem('data folder', wrong, mend);
    }),
  );
  return findings;
}

/** Keys and messages are for their owner alone. */
export async function checkRights({ dataDir, store }: Config): Promise<readonly Finding[]> {
  if (process.platform === 'win32') return [];
  const files = [dataDir, dataFiles.secrets(dataDir), store.path];
  const findings = await Promise.all(
    files.map(async (file): Promise<Finding[]> => {
      const mode = (await stat(file).catch(() => undefined))?.mode ?? 0;
      if ((mode & OTHERS) === 0) return [];
      const open = `${file} is open to other users (mode ${(mode & 0o777).toString(8)})`;
      return [problem('rights', open, `chmod go= ${quoted(file)}`)];
    }),
  );
  return foundOr(findings.flat(), ok('rights', 'keys and database are for their owner alone'));
}

/** `leastBytes`: what must be free. */
export async function checkRoom({ store }: Config, leastBytes: number): Promise<Finding> {
  const there = await statfs(path.dirname(store.path)).catch(() => undefined);
  if (there === undefined) return ok('disk', 'the folder of the database does not exist yet');
  const free = there.bavail * there.bsize;
  const said = `${String(Math.floor(free / MIB))} MiB free`;
  if (free >= leastBytes) return ok('disk', said);
  return problem(
    'disk',
    `${said} where the database lies`,
    'make room, or set DATABASE_PATH to another disk',
  );
}

export async function checkDatabase({ store }: Config): Promise<readonly Finding[]> {
  const file = store.path;
  const size = await sizeOf(file);
  const wrong = await databaseProblem(file);
  if (wrong !== undefined) return [problem('database', wrong, mendOf(wrong, file))];
  if (size === 0) return [ok('database', `${file} is made at the first start`)];
  const log = await sizeOf(`${file}-wal`);
  const large = `${file}-wal has ${String(Math.round(log / MIB))} MiB`;
  return [
    ok('database', `${file}, ${String(Math.ceil(size / MIB))} MiB`),
    log > LARGE_LOG_BYTES
      ? warning('write-ahead log', large, 'stop the hub and start it again: schub up')
      : ok('write-ahead log', `${String(Math.ceil(log / MIB))} MiB`),
  ];
}

/** All pages, which takes as long as reading the file; while a hub has it open, beside its work. */
export function checkPages({ store }: Config): Finding {
  const connection = openReader(store.path);
  try {
    const damage = findDamage(connection);
    if (damage === undefined) return ok('integrity', 'all pages are whole');
    return problem('integrity', `${store.path} is damaged (${damage})`, mendOf('damaged', store.path));
  } finally {
    connection.sqlite.close();
  }
}

/** Messages of the future mean that the clock went back: leases and expiries go wrong. */
export function checkClock({ store }: Config, now: number): Finding {
  const connection = openReader(store.path);
  try {
    const newest = connection.sqlite
      .prepare<[], number>(
        'SELECT created_at FROM messages WHERE id = (SELECT max(id) FROM messages) AND created_at > 0',
      )
      .pluck()
      .get();
    if (newest === undefined || newest <= now + CLOCK_SLACK_MS)
      return ok('clock', new Date(now).toISOString());
    const detail = `the newest message is of ${new Date(newest).toISOString()}, but the clock says ${new Date(now).toISOString()}`;
    return problem(
      'clock',
      detail,
      'set the clock of this machine, for example with: timedatectl set-ntp true',
    );
  } finally {
    connection.sqlite.close();
  }
}

function mendOf(wrong: string, file: string): string {
  if (wrong.includes('damaged')) return 'schub restore BACKUP';
  if (wrong.includes('schema version')) return 'npm install -g shared-context-hub@latest';
  if (wrong.includes('another program')) return 'set DATABASE_PATH to a file of its own';
  if (wrong.includes('is missing, but')) return `mv ${quoted(`${file}-wal`)} ${quoted(`${file}-wal.old`)}`;
  return `chmod u+rw ${quoted(file)}`;
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

/** As a shell takes it. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
