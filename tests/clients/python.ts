/** Clients in Python: the SDK's own, and mcp-proxy, which users of stdio put between. Both send X-API-Key to `/mcp/`. */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, scratchFolder } from '../../scripts/scratch-install.ts';
import { type ClientTest, madeSession, must, Skipped, type Stage } from './client-test.ts';
import { envOf } from './programs.ts';
import { driveBridge } from './stdio.ts';

const INSTALL_TIMEOUT_MS = 180_000;
const RUN_TIMEOUT_MS = 60_000;
const PIP = ['install', '--quiet', '--disable-pip-version-check', '--retries', '0', '--timeout', '15'];
const CLIENT = join(import.meta.dirname, 'python-client.py');

/** The Python of a virtual environment that has the package. @throws Skipped. */
async function pythonWith(spec: string): Promise<string> {
  const base = scratchFolder();
  const folder = join(base, `python-${spec}`);
  if (!existsSync(folder)) {
    const making = mkdtempSync(join(base, '.making-'));
    try {
      await setUp('python3', ['-m', 'venv', making], making);
      await setUp(join(making, 'bin', 'python'), ['-m', 'pip', ...PIP, spec], making);
      // Its scripts do not survive that, but `python -m` does.
      renameSync(making, folder);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  }
  return join(folder, 'bin', 'python');
}

async function setUp(command: string, args: readonly string[], cwd: string): Promise<void> {
  const options = { cwd, timeoutMs: INSTALL_TIMEOUT_MS };
  const { code, output } = await runProgram(command, args, options).catch((error: unknown) => {
    throw new Skipped(`no Python: ${String(error)}`);
  });
  if (code === 0) return;
  const reason = /^ERROR: (.*)$/m.exec(output)?.[1] ?? output.trim().slice(-200);
  throw new Skipped(`cannot be installed: ${reason}`);
}

function viaSlash(stage: Stage): string {
  return `${stage.base}/mcp/`;
}

function withoutRedirect({ wire }: Stage): void {
  const odd = wire.seen.filter(({ status, path }) => (status >= 300 && status < 400) || path !== '/mcp/');
  must(odd.length === 0, 'redirected', JSON.stringify(odd));
}

function sdk(mode: string, era: string): ClientTest {
  return {
    name: `Python SDK, ${mode}`,
    era,
    async run(stage) {
      const python = await pythonWith('mcp==2.3.0');
      const options = { cwd: stage.home, env: envOf(stage), timeoutMs: RUN_TIMEOUT_MS };
      const { code, output, stdout } = await runProgram(
        python,
        [CLIENT, viaSlash(stage), stage.key, mode],
        options,
      );
      must(code === 0, 'the client failed', output);
      madeSession(stdout);
      withoutRedirect(stage);
      const { version, tools } = JSON.parse(stdout) as { version: string; tools: number };
      return { version, did: `listed ${String(tools)} tools; called create_session` };
    },
  };
}

const VERSION = 'import importlib.metadata; print(importlib.metadata.version("mcp-proxy"))';

const proxy: ClientTest = {
  name: 'mcp-proxy (Python)',
  era: '2025-11-25',
  async run(stage) {
    const python = await pythonWith('mcp-proxy');
    const options = { cwd: stage.home, timeoutMs: RUN_TIMEOUT_MS };
    const { stdout: version } = await runProgram(python, ['-c', VERSION], options);
    const args = ['--transport=streamablehttp', viaSlash(stage), '--headers', 'X-API-Key', stage.key];
    const did = await driveBridge(stage, python, ['-m', 'mcp_proxy', ...args]);
    withoutRedirect(stage);
    return { version: version.trim(), did };
  },
};

export const pythonTests: readonly ClientTest[] = [
  proxy,
  sdk('auto', '2026-07-28'),
  sdk('legacy', '2025-11-25'),
];
