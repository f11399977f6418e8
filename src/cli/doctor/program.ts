/** Checks of what the hub runs on: Node, and the native module. */
import { systemReason } from '../../lib/system-error.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

const RECOMMENDED_NODE = 24;

/** `version` as `process.version` has it. An older Node than 22 does not come this far. */
export function checkNode(version: string): Finding {
  const major = Number(/^v(\d+)/.exec(version)?.[1]);
  if (major >= RECOMMENDED_NODE) return ok('Node', version);
  const least = String(RECOMMENDED_NODE);
  return warning('Node', `${version} works, but ${least} is recommended`, `install Node ${least}`);
}

/** Loads the native module, which fails where it was built for another platform. */
export async function checkNativeModule(): Promise<Finding> {
  try {
    const { default: Database } = await import('better-sqlite3');
    const sqlite = new Database(':memory:');
    const version = String(sqlite.prepare('SELECT sqlite_version()').pluck().get());
    sqlite.close();
    return ok('SQLite', `${version}, in memory`);
  } catch (error) {
    return problem(
      'SQLite',
      `better-sqlite3 cannot be loaded: ${systemReason(error)}`,
      'install the package again with this Node: npm install -g shared-context-hub',
    );
  }
}
