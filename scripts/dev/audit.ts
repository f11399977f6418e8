/** Known holes of the packages that are installed with the hub. */
import { execFile } from 'node:child_process';
import path from 'node:path';

export interface Audit {
  readonly lines: readonly string[];
  /** Whether something is bad enough to be mended before anything else. */
  readonly failed: boolean;
}

const GRAVE = ['high', 'critical'];
const PATIENCE_MS = 60_000;

/** Asks the registry that npm uses; says so where it does not answer. */
export async function audit(root: string): Promise<Audit> {
  const report = parsed(await npmAudit(root));
  const found = report['vulnerabilities'];
  if (typeof found !== 'object' || found === null) {
    const said = report['message'];
    const why = typeof said === 'string' ? said.replace(/ - .*$/s, '') : 'no answer';
    return { lines: [`audit: skipped, the registry does not answer it (${why})`], failed: false };
  }
  const holes = Object.entries(found as Readonly<Record<string, { readonly severity: string }>>);
  const lines = holes.map(
    ([name, { severity }]) => `audit: ${name}: ${severity}; see "npm audit --omit=dev"`,
  );
  return {
    lines: holes.length === 0 ? ['audit: nothing is known against what ships'] : lines,
    failed: holes.some(([, { severity }]) => GRAVE.includes(severity)),
  };
}

async function npmAudit(root: string): Promise<string> {
  const args = ['audit', '--omit=dev', '--json', '--loglevel=silent'];
  const npm = process.env['npm_execpath'];
  const script = npm !== undefined && path.basename(npm) === 'npm-cli.js';
  const [command, all] = script ? [process.execPath, [npm, ...args]] : ['npm', args];
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(command, all, { cwd: root, timeout: PATIENCE_MS }, (_error, stdout) => resolve(stdout));
  return await promise;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
