/** Backups of a database that others may be writing to, made and verified on a thread of their own. */
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { StartError } from '../../errors.ts';
import type { BackupReport } from '../port.ts';
import { openReader } from './connection.ts';
import { copyDatabase, unfinishedCopy } from './copy.ts';
import { findDamage } from './damage.ts';

export interface BackupOptions {
  /** The database. */
  readonly path: string;
  readonly target: string;
  /** Told now and then how much of about how many bytes is written. */
  readonly onProgress?: (written: number, total: number) => void;
}

/** What the thread tells. */
export type BackupReply = { readonly report: BackupReport } | { readonly error: string };

const THREAD_FILE = import.meta.url.endsWith('.ts') ? './backup-thread.ts' : './backup-thread.js';
const LOOK_EVERY_MS = 250;

/** The backup is the state of one moment after the call. @throws Error saying why there is none; then no file is left. */
export async function backupDatabase({ path, target, onProgress }: BackupOptions): Promise<BackupReport> {
  const worker = new Worker(new URL(THREAD_FILE, import.meta.url), { workerData: { path, target } });
  const { promise, resolve, reject } = Promise.withResolvers<BackupReport>();
  worker.once('message', (reply: BackupReply) => {
    if ('report' in reply) resolve(reply.report);
    else reject(new Error(reply.error));
  });
  worker.once('error', reject);
  worker.once('exit', () => {
    reject(new Error('the thread that wrote it has ended'));
  });
  const looking = setInterval(() => {
    void look();
  }, LOOK_EVERY_MS);
  async function look(): Promise<void> {
    const [written, total] = await Promise.all([unfinishedCopy(target), path].map(sizeOf));
    onProgress?.(written ?? 0, total ?? 0);
  }
  try {
    return await promise;
  } finally {
    clearInterval(looking);
  }
}

/** Writes the backup on this thread. */
export function writeBackup(path: string, target: string): BackupReport {
  const connection = openReader(path);
  try {
    connection.sqlite.pragma('query_only = OFF');
    let counts: Pick<BackupReport, 'sessions' | 'messages' | 'lastSeq'> | undefined;
    copyDatabase(connection, target, (copy) => {
      counts = verifyBackup(copy);
    });
    if (counts === undefined) throw new Error('the copy was not verified');
    return { file: target, bytes: statSync(target).size, ...counts };
  } finally {
    connection.sqlite.close();
  }
}

/** What is in a backup. @throws StartError if its pages are damaged, or what it counts is not what it holds. */
export function verifyBackup(path: string): Pick<BackupReport, 'sessions' | 'messages' | 'lastSeq'> {
  const connection = openReader(path);
  try {
    const damage = findDamage(connection);
    if (damage !== undefined) throw new StartError(`The backup ${path} is damaged (${damage}).`);
    const count = (sql: string): number => Number(connection.sqlite.prepare(sql).pluck().get());
    const messages = count('SELECT count(*) FROM messages');
    // Every message has one of these two audiences.
    const counted = count(`SELECT coalesce(sum(message_count), 0) FROM session_audiences
      WHERE audience_id IN (SELECT id FROM audiences WHERE name IN ('public', 'admin'))`);
    if (messages !== counted)
      throw new StartError(`The backup ${path} holds ${messages} messages, but counts ${counted}.`);
    return {
      messages,
      sessions: count('SELECT count(*) FROM sessions'),
      lastSeq: count('SELECT last_seq FROM hub'),
    };
  } finally {
    connection.sqlite.close();
  }
}

const sizeOf = async (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
