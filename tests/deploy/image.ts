/**
 * Goes through the steps of the Dockerfile in a folder of its own, one root per stage, as an engine would in containers: copies
 * what .dockerignore leaves, runs what is run, starts what is started, asks it how it does, and stops it. Without the
 * isolation, and on the Node and the system of this machine in the place of the base image.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DOCKERFILE, ROOT, stagesOf, stepsOf, type Stage, type Step } from './stages.ts';

const READY_MS = 30_000;
const folder = mkdtempSync(path.join(tmpdir(), 'schub-image-'));
const roots = new Map<string, string>();

interface Container {
  readonly root: string;
  env: Record<string, string>;
  workdir: string;
}

/** Where a path of the container lies on this machine. */
const within = ({ root, workdir }: Container, name: string): string =>
  path.join(root, path.resolve(workdir, name));

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The build context, by the few forms of patterns that .dockerignore has. */
function context(): string {
  const target = path.join(folder, 'context');
  const lines = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8').split('\n');
  for (const line of lines.filter((one) => one.startsWith('!'))) {
    const name = line.slice(1);
    cpSync(path.join(ROOT, name), path.join(target, name), {
      recursive: true,
      filter: (file) => !file.endsWith('.test.ts'),
    });
  }
  return target;
}

function build(stage: Stage, from: string): Container {
  const root = path.join(folder, stage.name.replaceAll(' ', '-'));
  mkdirSync(root, { recursive: true });
  roots.set(stage.name, root);
  const container: Container = { root, env: {}, workdir: '/' };
  for (const step of stage.steps) take(step, container, from);
  return container;
}

function take(step: Step, container: Container, from: string): void {
  const { keyword, words, text } = step;
  say(`${keyword} ${text.replaceAll(/\s+/g, ' ')}`);
  if (keyword === 'WORKDIR') {
    container.workdir = path.resolve(container.workdir, text);
    mkdirSync(within(container, '.'), { recursive: true });
  } else if (keyword === 'ENV') {
    for (const word of words) {
      const [name = '', value = ''] = word.split('=');
      container.env[name] = value;
    }
  } else if (keyword === 'COPY') copy(step, container, from);
  else if (keyword === 'RUN') run(text, container);
}

function copy({ words, from: stage }: Step, container: Container, context: string): void {
  const source = stage === undefined ? context : (roots.get(stage) ?? '');
  const target = words.at(-1) ?? '';
  for (const name of words.slice(0, -1)) {
    const file = path.join(source, name);
    if (!existsSync(file)) throw new Error(`${name} is not there`);
    const into = target.endsWith('/') && name !== '.' ? path.join(target, path.basename(name)) : target;
    cpSync(file, within(container, into), { recursive: true, verbatimSymlinks: true });
  }
}

/** The settings of the image, with this machine's paths. */
function settings({ env, root }: Container): Record<string, string> {
  const placed = Object.entries(env).map(([name, value]) => [
    name,
    value.startsWith('/') ? root + value : value,
  ]);
  return Object.fromEntries(placed) as Record<string, string>;
}

const PATH = `${path.dirname(process.execPath)}:/usr/bin:/bin`;

function run(command: string, container: Container): void {
  // How packages are reached is up to the machine.
  const options = { cwd: within(container, '.'), env: { ...process.env, PATH, ...settings(container) } };
  execFileSync('/bin/sh', ['-c', command], { ...options, stdio: ['ignore', 'ignore', 'inherit'] });
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
}

async function start(stage: Stage, container: Container): Promise<void> {
  const [entry, command] = ['ENTRYPOINT', 'CMD'].map(
    (keyword) => stepsOf(stage, keyword).at(-1)?.words ?? [],
  );
  const [program = '', ...args] = [...(entry ?? []), ...(command ?? [])];
  container.env['HTTP_PORT'] = await freePort();
  const options = { cwd: within(container, '.'), env: { PATH, HOME: folder, ...settings(container) } };
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  const giveUp = setTimeout(() => child.kill('SIGKILL'), READY_MS);
  let said = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    said += chunk.toString();
    if (/^ready \S+/m.test(said)) break;
  }
  clearTimeout(giveUp);
  say(/^ready \S+/m.exec(said)?.[0] ?? 'it did not become ready');
  const check =
    stepsOf(stage, 'HEALTHCHECK')
      .at(-1)
      ?.text.replace(/^.*?\bCMD\s+/, '') ?? 'false';
  execFileSync('/bin/sh', ['-c', check], { ...options, stdio: 'inherit' });
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`it ended with ${code}`);
  if (existsSync(path.join(container.root, 'data', 'shared-context-hub', 'hub.db')))
    say('its data lies in the volume');
  else throw new Error('its data does not lie in the volume');
}

try {
  const stages = stagesOf(DOCKERFILE);
  const from = context();
  const built = stages.map((stage) => build(stage, from));
  const [stage, container] = [stages.at(-1), built.at(-1)];
  if (stage !== undefined && container !== undefined) {
    const size = execFileSync('du', ['-sm', container.root], { encoding: 'utf8' }).split('\t')[0];
    say(`${size} MB beyond the base image`);
    await start(stage, container);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
