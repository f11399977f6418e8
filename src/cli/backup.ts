/** `schub backup` and `schub restore`: on the file itself, on the machine of the hub. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { backupName } from '../features/backups.ts';
import { systemReason } from '../lib/system-error.ts';
import { backupDatabase } from '../store/sqlite/backup.ts';
import { restoreDatabase } from '../store/sqlite/restore.ts';
import { openSqliteStore } from '../store/sqlite/store.ts';
import { createLogger } from '../telemetry/log.ts';
import { CliError, EXIT, type Output } from './output.ts';
import { startProgress } from './progress.ts';

/** Whether or not a hub works on the database. Answers the exit code. @throws CliError */
export async function backup(config: Config, file: string | undefined, output: Output): Promise<number> {
  const source = config.store.path;
  if (!existsSync(source)) throw new CliError(EXIT.notFound, `There is no database ${source}.`);
  const target = path.resolve(file ?? path.join(config.backups.folder, backupName(Date.now())));
  if (existsSync(target))
    throw new CliError(EXIT.usage, `${target} exists already; name another file, or move that one away.`);
  if (file === undefined) mkdirSync(config.backups.folder, { recursive: true, mode: 0o700 });
  let shown = 0;
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    const report = await backupDatabase({
      ...{ path: source, target },
      onProgress(written, total) {
        progress ??= startProgress(total, output);
        progress.advance(Math.max(0, written - shown));
        shown = Math.max(shown, written);
      },
    });
    progress?.end();
    const { bytes, sessions, messages } = report;
    if (output.json) output.document({ file: target, bytes, sessions, messages });
    else output.line(`${target}: ${messages} messages in ${sessions} sessions, ${bytes} bytes, verified`);
    return EXIT.ok;
  } catch (error) {
    throw new CliError(EXIT.failure, `There is no backup: ${systemReason(error)}.`, { cause: error });
  } finally {
    progress?.end();
  }
}

/** Of a stopped hub. Answers the exit code. @throws StartError if it runs, or the backup is no good. */
export async function restore(config: Config, file: string, output: Output): Promise<number> {
  const from = path.resolve(file);
  if (!existsSync(from)) throw new CliError(EXIT.usage, `There is no file ${from}.`);
  const now = Date.now();
  const { kept, sessions, messages } = await restoreDatabase({ path: config.store.path, from, now });
  await noteRestore(config, path.basename(from), now);
  if (output.json) output.document({ database: config.store.path, kept: kept ?? null, sessions, messages });
  else {
    output.line(`${config.store.path}: ${messages} messages in ${sessions} sessions`);
    if (kept !== undefined) output.note(`What was there before is kept as ${kept}.`);
    output.note('Keys, tokens and settings of agents are again as they were when the backup was made.');
  }
  return EXIT.ok;
}

async function noteRestore(config: Config, backupFile: string, now: number): Promise<void> {
  const store = await openSqliteStore({
    ...{ path: config.store.path, maxConnections: 1, lockWaitMs: 0 },
    log: createLogger(config.log),
  });
  try {
    await store.write((tx) =>
      tx.audit.append({
        ...{ at: now, workspace: null, actor: null, keyId: null, requestId: '' },
        ...{ eventType: 'hub.restored', action: 'schub restore', resource: 'hub', sessionId: null },
        ...{ result: 'ok', details: { file: backupFile } },
      }),
    );
  } finally {
    await store.close();
  }
}
