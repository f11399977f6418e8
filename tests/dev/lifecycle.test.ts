import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Checkout } from './checkout.ts';
import { copyCheckout } from './checkout.ts';
import { TELLS_PROCESSES, childrenOf, isAlive } from './processes.ts';
import { waitFor } from './wait.ts';

const copy = (): Checkout => copyCheckout('HTTP_PORT=0\nLOG_LEVEL=warn\n');

/** Adds a line to what the hub is made of. */
const add = (checkout: Checkout, line: string): void =>
  checkout.edit('src/hub.ts', 'export interface Hub {', `${line}\nexport interface Hub {`);
const hubPid = (checkout: Checkout): number =>
  (JSON.parse(readFileSync(checkout.data('hub.json'), 'utf8')) as { pid: number }).pid;
const statusOf = async (url: string): Promise<number> => (await fetch(`${url}/health`)).status;

/** The processes below the dev process, once there are two: the hub and the one that stands by. */
async function processesBelow(pid: number): Promise<readonly number[]> {
  return await waitFor(() => (childrenOf(pid).length >= 2 ? childrenOf(pid) : undefined));
}

describe.runIf(TELLS_PROCESSES).concurrent('npm run dev', () => {
  it('ends with 0 at Ctrl-C, and everything with it', async () => {
    await using checkout = copy();
    const dev = checkout.dev();
    const url = await dev.ready();
    const below = await processesBelow(dev.pid);
    expect(below).toContain(hubPid(checkout));
    dev.interrupt();
    expect(await dev.ended).toBe(0);
    expect(below.filter(isAlive)).toEqual([]);
    await expect(fetch(url)).rejects.toThrow();
    expect(dev.stderr()).toBe('');
  });

  it('ends with 0 at Ctrl-C while the sources are broken', async () => {
    await using checkout = copy();
    const dev = checkout.dev();
    const url = await dev.ready();
    add(checkout, '}');
    await waitFor(async () => ((await statusOf(url)) === 503 ? true : undefined));
    const below = childrenOf(dev.pid);
    dev.interrupt();
    expect(await dev.ended).toBe(0);
    expect(below.filter(isAlive)).toEqual([]);
  });

  it('leaves no hub behind when it is killed', async () => {
    await using checkout = copy();
    const dev = checkout.dev();
    await dev.ready();
    const below = await processesBelow(dev.pid);
    dev.kill('SIGKILL');
    await waitFor(() => (below.some(isAlive) ? undefined : true));
  });

  it('leaves no hub behind that hangs in a loop', async () => {
    await using checkout = copy();
    const dev = checkout.dev();
    await dev.ready();
    add(checkout, `process.stderr.write('looping\\n');\nfor (;;);`);
    await waitFor(() => (dev.stderr().includes('looping') ? true : undefined));
    const below = childrenOf(dev.pid);
    dev.kill('SIGKILL');
    await waitFor(() => (below.some(isAlive) ? undefined : true));
  });

  it('says that a hub has ended by itself, and starts the next at a change', async () => {
    await using checkout = copy();
    const dev = checkout.dev();
    const url = await dev.ready();
    process.kill(hubPid(checkout), 'SIGKILL');
    await waitFor(async () => ((await statusOf(url).catch(() => 0)) === 503 ? true : undefined));
    const told = await waitFor(() => dev.stderr() || undefined);
    expect(told).toBe('dev: the hub ended by itself (killed); waiting for a change\n');
    add(checkout, '// again');
    expect(await dev.ready(2)).toBe(url);
    expect(await statusOf(url)).toBe(200);
  });

  it('waits with an open port if not even the first start succeeds', async () => {
    await using checkout = copy();
    checkout.edit('src/http/app.ts', 'export function createApp(', 'export function createApp((');
    const port = 20_000 + (process.pid % 10_000);
    checkout.write('.env', `HTTP_PORT=${port}\n`);
    const dev = checkout.dev();
    const url = `http://127.0.0.1:${port}`;
    await waitFor(async () => ((await statusOf(url).catch(() => 0)) === 503 ? true : undefined));
    const told = await waitFor(() => dev.stderr() || undefined);
    expect(told).toMatch(/^src\/http\/app\.ts:\d+\n[^]*SyntaxError/);
    checkout.edit('src/http/app.ts', 'export function createApp((', 'export function createApp(');
    expect(await dev.ready()).toBe(url);
    expect(await statusOf(url)).toBe(200);
  });

  it('ends with 2 where the command line is wrong: no change of a file mends that', async () => {
    await using checkout = copy();
    const dev = checkout.dev(['--prot', '1']);
    expect(await dev.ended).toBe(2);
    expect(dev.stderr()).toBe("schub: unknown option '--prot'. Did you mean --port?\n");
  });
});
