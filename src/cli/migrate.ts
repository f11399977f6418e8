/** `schub migrate`: brings the database of a stopped hub to this version's schema. */
import { openSqliteStore } from '../store/sqlite/store.ts';
import type { Config } from '../config/config.ts';
import { createLogger } from '../telemetry/log.ts';
import { EXIT, type Output } from './output.ts';

/** @throws StartError if the database is in use, newer, or cannot be read. */
export async function migrateStore(config: Config, output: Output): Promise<number> {
  const { path } = config.store;
  const store = await openSqliteStore({
    path,
    maxConnections: 1,
    log: createLogger(config.log),
    lockWaitMs: 0,
  });
  await store.close();
  output.note(`The database ${path} has this version's schema.`);
  return EXIT.ok;
}
