/** `schub stdio` in a process of its own, and what it says line by line. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { vi } from 'vitest';
import { CACHE } from '../http/run-schub.ts';

export const MAIN = path.join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

export interface Message {
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: { readonly code: string };
  };
}

export interface Bridge {
  readonly received: readonly Message[];
  send(message: object): void;
  write(text: string): void;
  /** Waits for a message that is so. */
  heard(is: (message: Message) => boolean): Promise<Message>;
  /** Asks, and waits for the answer. */
  ask(id: string | number, method: string, params?: object): Promise<Message>;
  /** `initialize` and what follows it. */
  open(): Promise<Message>;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** Ends its input; answers the exit code. */
  end(): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

/** Nothing of the environment the tests run in. */
export function envOf(share: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: '/usr/bin:/bin', HOME: share, XDG_DATA_HOME: share, HTTP_PORT: '0', ...CACHE, ...more };
}

export function startBridge(
  share: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = ['stdio'],
): Bridge {
  const child = spawn(process.execPath, [MAIN, ...args], { env: envOf(share, env), cwd: share });
  const received: Message[] = [];
  let rest = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    received.push(...lines.map((line) => JSON.parse(line) as Message));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const send = (message: object): void => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  const heard: Bridge['heard'] = async (is) => {
    await vi.waitUntil(() => received.some(is) || child.exitCode !== null, 100_000);
    const found = received.find(is);
    if (found === undefined) throw new Error(`the bridge has ended: ${said}`);
    return found;
  };
  const ask: Bridge['ask'] = (id, method, params) => {
    send({ id, method, params });
    return heard((message) => message.id === id && message.method === undefined);
  };
  return {
    received,
    send,
    write: (text) => child.stdin.write(text),
    heard,
    ask,
    async open() {
      const clientInfo = { name: 'piped', version: '1' };
      const answer = await ask('open', 'initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo,
      });
      send({ method: 'notifications/initialized' });
      return answer;
    },
    stderr: () => said,
    kill: (signal) => child.kill(signal),
    end() {
      child.stdin.end();
      return ended;
    },
    ended,
  };
}
