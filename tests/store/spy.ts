/** Finds the connections that a store opens, without asking the store. */
import Database from 'better-sqlite3';

export interface WatchedConnections {
  /** The newest connection that was made to write. */
  writer(): Database.Database;
  stop(): void;
}

export function watchConnections(): WatchedConnections {
  const { pragma } = Database.prototype;
  const writers: Database.Database[] = [];
  Database.prototype.pragma = function (this: Database.Database, ...args: Parameters<typeof pragma>) {
    if (args[0] === 'synchronous = FULL') writers.push(this);
    return Reflect.apply<Database.Database, typeof args, unknown>(pragma, this, args);
  };
  return {
    writer() {
      const newest = writers.at(-1);
      if (newest === undefined) throw new Error('no store was opened');
      return newest;
    },
    stop() {
      Database.prototype.pragma = pragma;
    },
  };
}
