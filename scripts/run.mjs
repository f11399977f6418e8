// node scripts/run.mjs <script> [args…]: runs the script on a Node that fits. Syntax of old Nodes only.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HEAP_FLAGS, limitHeap } from '../bin/heap-flags.mjs';
import { envFor, fits, rightNode } from './right-node.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function fail(sentence) {
  process.stderr.write('run: ' + sentence + '\n');
  process.exit(1);
}

/** npm passes SIGTERM to the shell that it started us by, and the shell dies of it without a word to us. */
function whenShellDies(stop) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    stop();
  }, 200);
  watch.unref();
}

const isHub = (script) => basename(script) === 'schub.mjs';

function runHere(script) {
  if (isHub(script)) limitHeap();
  whenShellDies(() => process.kill(process.pid, 'SIGTERM'));
  process.argv.splice(1, 2, script);
  import(pathToFileURL(script).href);
}

function runElsewhere(script, args) {
  const node = rightNode();
  if (!node || !existsSync(node))
    fail('the Node for this folder is missing; run "node scripts/setup.mjs" first.');
  // The channel carries nothing: its end tells the child that this process is gone.
  const child = spawn(node, (isHub(script) ? HEAP_FLAGS : []).concat(script, args), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: envFor(node),
  });
  const pass = (signal) => child.kill(signal);
  SIGNALS.forEach((signal) => process.on(signal, pass));
  whenShellDies(() => pass('SIGTERM'));
  child.on('error', (error) => fail('cannot start ' + node + ': ' + error.message));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    SIGNALS.forEach((name) => process.removeListener(name, pass));
    process.kill(process.pid, signal);
  });
}

const wanted = process.argv[2];
if (!wanted) fail('say which script to run.');
const script = resolve(wanted);
if (!existsSync(script)) fail('there is no ' + script + '.');

if (fits(process.version)) runHere(script);
else runElsewhere(script, process.argv.slice(3));
