/** Who listens on a port of this machine, as far as Linux tells this user. */
import { readdir, readFile, readlink } from 'node:fs/promises';

const LISTENING = '0A';

export interface PortOwner {
  readonly pid: number;
  /** What the process was started as. */
  readonly command: string;
}

/** Undefined if nobody listens, it is another user's process, or the platform does not tell. */
export async function portOwner(port: number): Promise<PortOwner | undefined> {
  const sockets = new Set((await Promise.all(['tcp', 'tcp6'].map((table) => socketsOn(table, port)))).flat());
  if (sockets.size === 0) return undefined;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || !(await holds(pid, sockets))) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return { pid: Number(pid), command: command.replaceAll('\0', ' ').trim() };
  }
  return undefined;
}

/** https://docs.kernel.org/networking/proc_net_tcp.html */
async function socketsOn(table: string, port: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/net/${table}`, 'utf8').catch(() => '');
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return text.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const [, local = '', , state] = columns;
    const inode = columns[9];
    return local.endsWith(suffix) && state === LISTENING && inode !== undefined ? [`socket:[${inode}]`] : [];
  });
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const files = await readdir(folder).catch(() => []);
  for (const file of files) {
    if (sockets.has(await readlink(`${folder}/${file}`).catch(() => ''))) return true;
  }
  return false;
}
