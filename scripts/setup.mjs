// Sets up what is missing in this checkout: a Node that fits, the dependencies, the build. Syntax of old Nodes only.
// Says what it does on standard error; standard output belongs to the command that comes after it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import { envFor, fetched, rightNode, root } from './right-node.mjs';

const NPM_QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
const NODE_HELP = 'install Node 24 (or 22.22 and later) and run it again.';

const nodeHome = join(root, '.node');
const modules = join(root, 'node_modules');
const modulesStamp = join(modules, '.setup-stamp');
const source = join(root, 'src');
const dist = join(root, 'dist');
const distStamp = join(dist, '.setup-stamp');

function say(line) {
  process.stderr.write('setup: ' + line + '\n');
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function filesUnder(dir) {
  if (!fs.existsSync(dir)) return [];
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

// --- one at a time ---------------------------------------------------------------------------------------------------

const lock = join(nodeHome, 'setup.lock');
const owner = join(lock, 'owner');
let child;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** A living owner touches its file every second; its process may be invisible from another container. */
function staleOwner() {
  const pids = read(owner) || '';
  const stat = fs.statSync(pids ? owner : lock, { throwIfNoEntry: false });
  if (!stat) return undefined;
  const age = Date.now() - stat.mtimeMs;
  const alive = pids.split(' ').some((pid) => pid && isAlive(Number(pid)));
  return age > (alive ? 120000 : 5000) ? pids : undefined;
}

function takeLock() {
  try {
    fs.mkdirSync(lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const stale = staleOwner();
  if (stale !== undefined) {
    const aside = join(nodeHome, 'stale-' + process.pid);
    try {
      fs.renameSync(lock, aside);
      // Somebody else was quicker and this is the new lock, not the stale one: give it back.
      if ((read(join(aside, 'owner')) || '') !== stale) fs.renameSync(aside, lock);
      fs.rmSync(aside, { recursive: true, force: true });
    } catch (error) {
      // Lost a race; the next round looks again.
      if (!['ENOENT', 'EEXIST', 'ENOTEMPTY'].includes(error.code)) throw error;
    }
  }
  return false;
}

function signLock() {
  // Without the folder somebody has taken this lock for a dead one, after a long sleep of the machine.
  if (!fs.existsSync(lock)) return;
  fs.writeFileSync(owner, child ? process.pid + ' ' + child.pid : String(process.pid));
}

function releaseLock() {
  if ((read(owner) || '').split(' ')[0] !== String(process.pid)) return;
  fs.rmSync(lock, { recursive: true, force: true });
}

async function alone(work) {
  fs.mkdirSync(nodeHome, { recursive: true });
  for (let waited = 0; !takeLock(); waited++) {
    if (waited === 2) say('waiting for another set-up of this folder …');
    await new Promise((done) => setTimeout(done, 200));
  }
  signLock();
  const beat = setInterval(signLock, 1000);
  const stop = (signal) => {
    const end = () => {
      releaseLock();
      process.exit(signal === 'SIGINT' ? 130 : 143);
    };
    if (!child) end();
    // Not before it has stopped writing, or the next set-up trips over it.
    child.removeAllListeners('close');
    child.on('close', end);
    child.kill(signal);
  };
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => process.on(signal, stop));
  try {
    await work();
  } finally {
    clearInterval(beat);
    releaseLock();
  }
}

// --- commands --------------------------------------------------------------------------------------------------------

function run(line, command, args, options, help) {
  return new Promise((done, failed) => {
    child = spawn(command, args, Object.assign({ cwd: root, stdio: ['ignore', 2, 2] }, options));
    child.on('error', (error) =>
      failed(new Error('cannot run "' + line + '" (' + error.message + '); ' + help)),
    );
    child.on('close', (code, signal) => {
      child = undefined;
      if (code === 0) done();
      else failed(new Error('"' + line + '" failed (' + (signal || 'exit code ' + code) + '); ' + help));
    });
    if (child.pid) signLock();
  });
}

/** npm's own script, so that it can be run by a Node of our choice. */
function npmCli() {
  const given = process.env.npm_execpath;
  const places = given && basename(given) === 'npm-cli.js' ? [given] : [];
  for (const dir of [dirname(process.execPath)].concat((process.env.PATH || '').split(delimiter))) {
    places.push(join(dir, 'node_modules', 'npm', 'bin', 'npm-cli.js'));
    places.push(join(dir, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'));
    const npm = join(dir, 'npm');
    if (fs.existsSync(npm)) places.push(fs.realpathSync(npm));
  }
  return places.find((place) => basename(place) === 'npm-cli.js' && fs.existsSync(place));
}

function npm(node, args, cwd, help) {
  const cli = npmCli();
  if (!cli) throw new Error('cannot find npm; install it and run "npm start" again.');
  return run('npm ' + args.join(' '), node, [cli].concat(args, NPM_QUIET), { cwd, env: envFor(node) }, help);
}

// --- Node ------------------------------------------------------------------------------------------------------------

function nodeReady() {
  const node = rightNode();
  return node !== undefined && fs.existsSync(node);
}

async function fetchNode() {
  const wanted = fetched();
  if (!wanted) throw new Error('there is no ready Node for this platform; ' + NODE_HELP);
  say('this is Node ' + process.version + ', too old; fetching Node 24 for this folder (first start only) …');
  const temporary = join(nodeHome, 'tmp');
  fs.rmSync(temporary, { recursive: true, force: true });
  fs.mkdirSync(temporary);
  await npm(
    process.execPath,
    ['install', '--prefix', temporary, '--no-save', '--no-package-lock', wanted.spec],
    temporary,
    'check the network and run it again, or ' + NODE_HELP,
  );
  const arrived = join(temporary, 'node_modules', wanted.name);
  const check = 'if (!/^v(22|24)/.test(process.version)) process.exit(1)';
  await run(
    wanted.spec + ' -e',
    join(arrived, relative(wanted.dir, wanted.bin)),
    ['-e', check],
    {},
    NODE_HELP,
  );
  fs.rmSync(wanted.dir, { recursive: true, force: true });
  fs.renameSync(arrived, wanted.dir);
  fs.rmSync(temporary, { recursive: true, force: true });
}

// --- dependencies ----------------------------------------------------------------------------------------------------

function modulesKey() {
  const hash = createHash('sha256')
    .update(fs.readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return process.platform + '-' + process.arch + ' ' + hash;
}

/** Whether npm itself has just installed what the lock file says, by `npm install` or `npm ci` of a developer. */
function installedByNpm() {
  const stamp = read(modulesStamp);
  if (stamp && stamp.split(' ')[0] !== modulesKey().split(' ')[0]) return false;
  const hidden = read(join(modules, '.package-lock.json'));
  if (!hidden) return false;
  const there = JSON.parse(hidden).packages;
  const wanted = JSON.parse(read(join(root, 'package-lock.json'))).packages;
  return Object.keys(wanted).every((path) => {
    if (path === '') return true;
    if (!there[path]) return wanted[path].optional === true;
    return there[path].version === wanted[path].version && there[path].integrity === wanted[path].integrity;
  });
}

function modulesReady() {
  if (read(modulesStamp) === modulesKey()) return true;
  if (!installedByNpm()) return false;
  fs.writeFileSync(modulesStamp, modulesKey());
  return true;
}

async function installModules() {
  const first = fs.existsSync(modules) ? '' : ' (first start only)';
  say('installing dependencies' + first + ' …');
  const key = modulesKey();
  fs.rmSync(modulesStamp, { force: true });
  await npm(
    rightNode(),
    ['ci', '--include=dev', '--include=optional'],
    root,
    'check the network and that package.json and package-lock.json agree, and run it again.',
  );
  fs.writeFileSync(modulesStamp, key);
}

// --- build -----------------------------------------------------------------------------------------------------------

function sources() {
  return filesUnder(source).filter(
    (file) => !/\.test\.tsx?$|[\\/]tsconfig\.json$|[\\/]\.[^\\/]*$|~$/.test(file),
  );
}

function buildKey(files) {
  const hash = createHash('sha256');
  const config = ['tsconfig.json', 'tsconfig.build.json', 'package.json', 'package-lock.json'];
  for (const file of files.concat(config.map((name) => join(root, name))).sort()) {
    hash.update(relative(root, file) + '\0').update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}

/** What a build of these sources puts into dist; what is no TypeScript is copied. */
function outputs(files) {
  return files
    .filter((file) => !file.endsWith('.d.ts'))
    .map((file) => join(dist, relative(source, file)).replace(/\.tsx?$/, '.js'));
}

function buildReady() {
  const files = sources();
  return read(distStamp) === buildKey(files) && outputs(files).every((file) => fs.existsSync(file));
}

async function build() {
  say('building …');
  const files = sources();
  const key = buildKey(files);
  fs.rmSync(distStamp, { force: true });
  await run(
    'tsc -p tsconfig.build.json',
    rightNode(),
    [join(modules, 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
    { env: envFor(rightNode()) },
    'mend what it says and run it again.',
  );
  for (const file of files.filter((name) => !/\.tsx?$/.test(name))) {
    const copy = join(dist, relative(source, file));
    fs.mkdirSync(dirname(copy), { recursive: true });
    fs.copyFileSync(file, copy);
  }
  // Outputs of sources that are gone; nothing else is removed, a hub may be running from this folder.
  const expected = new Set(outputs(files));
  for (const file of filesUnder(dist)) {
    if (!expected.has(file)) fs.rmSync(file, { force: true });
  }
  if (rebuild) await declare();
  fs.writeFileSync(distStamp, key);
}

/** Types for those who write plugins: part of the package, of no use to a hub that runs here. */
function declare() {
  return run(
    'tsc -p tsconfig.types.json',
    rightNode(),
    [join(modules, 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.types.json'],
    { env: envFor(rightNode()) },
    'mend what it says and run it again.',
  );
}

// --- browser ---------------------------------------------------------------------------------------------------------

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

/** As tests/browser/_util/browser.ts looks for it. */
function browserReady() {
  const folders = (process.env.PATH || '').split(delimiter).concat('/usr/bin', '/snap/bin');
  const places = folders.flatMap((folder) => BROWSERS.map((name) => join(folder, name)));
  return [process.env.CHROME_PATH].concat(places).some((place) => place && fs.existsSync(place));
}

/** Where it can be done without asking anybody; elsewhere the tests of the pages say what to install. */
async function installBrowser() {
  if (typeof process.getuid !== 'function' || process.getuid() !== 0 || !fs.existsSync('/usr/bin/apt-get'))
    return;
  say('installing Chromium for the tests of the pages …');
  const env = Object.assign({}, process.env, { DEBIAN_FRONTEND: 'noninteractive' });
  try {
    await run('apt-get update', 'apt-get', ['update', '-qq'], { env }, 'check the network.');
    const args = ['install', '-y', '-qq', '--no-install-recommends', 'chromium'];
    await run('apt-get install chromium', 'apt-get', args, { env }, 'install it by hand.');
  } catch (error) {
    say(error.message);
  }
}

// --- the whole -------------------------------------------------------------------------------------------------------

const rebuild = process.argv.includes('--rebuild');
const browser = process.argv.includes('--browser');

async function setUp() {
  const ready = () => nodeReady() && modulesReady() && buildReady() && (!browser || browserReady());
  if (!rebuild && ready()) return;
  await alone(async () => {
    if (!nodeReady()) await fetchNode();
    if (!modulesReady()) await installModules();
    if (rebuild || !buildReady()) await build();
    if (browser && !browserReady()) await installBrowser();
  });
}

setUp().catch((error) => {
  process.exitCode = 1;
  say(error.message);
});
