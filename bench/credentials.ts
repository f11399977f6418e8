/**
 * What a credential costs beside the call that it lets in, and whether the time of a refusal tells how much of a key was
 * right. All in this process: a socket's noise would hide both.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { createAuthenticator } from '../src/auth/authenticator.ts';
import { createGuessGuard, guarded } from '../src/auth/guess-guard.ts';
import type { Authenticator } from '../src/auth/types.ts';
import type { Hub } from '../src/hub.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { createBenchHub } from './bench-hub.ts';
import { BENCH_KEY } from './load.ts';
import { median, quantile, type Report } from './report.ts';

const SAMPLES = 40_000;
const BATCHES = 20;
const ADDRESS = '127.0.0.1';
const KNOWN_PREFIX = 20;
/** Beyond it two classes of times are held to be different; below it, at these counts, nothing can be told. */
const T_AT_MOST = 4.5;
const SHARE_AT_MOST = 15;
const ROUNDS = 9;
const CALLS = 2_000;
const AGENT = 'bench-credentials';

type OpenHub = Hub & { readonly authenticator: Authenticator };

export async function benchCredentials(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'schub-bench-'));
  const hub = await openHub(folder);
  try {
    for (const [kind, way] of Object.entries(await waysIn(hub))) await benchShare(report, hub, kind, way);
    // Last: what so many refusals leave behind would be paid for by whoever is measured next.
    await benchPrefix(report, hub);
  } finally {
    await hub.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calls and refusals are counted as in every hub, and never too many. */
async function openHub(folder: string): Promise<OpenHub> {
  const limits = ['AUTH', 'MESSAGES', 'READS', 'SEARCH', 'MEMORY', 'TOTAL'].map(
    (kind) => [`RATE_LIMIT_${kind}_PER_MINUTE`, '1000000000'] as const,
  );
  const { hub, config } = await createBenchHub(folder, Object.fromEntries(limits));
  // Made as the hub makes its own, which nothing lets out.
  const authenticator = guarded(createAuthenticator(hub.services), createGuessGuard(config.rates));
  return { ...hub, authenticator };
}

/** How a caller comes: what it sends in headers, and the handle it acts through. */
interface Way {
  readonly headers: Readonly<Record<string, string>>;
  readonly handle?: string;
}

/** By name. */
async function waysIn(hub: Hub): Promise<Readonly<Record<string, Way>>> {
  const key = { authorization: `Bearer ${BENCH_KEY}` };
  const connection = { ...key, 'x-agent-id': AGENT };
  const login = await ask(
    hub,
    new Request('http://127.0.0.1:23456/auth/token', {
      method: 'POST',
      headers: { ...key, host: '127.0.0.1:23456', 'content-type': 'application/json' },
      body: JSON.stringify({ agent_id: `${AGENT}-login`, agent_type: 'bench' }),
    }),
    /"access_token":"([^"]+)"/,
  );
  const helper = { agent_id: `${AGENT}-helper`, agent_type: 'bench' };
  const handle = await ask(hub, toolRequest(connection, 'authenticate_agent', helper), /\b(sct_[\w-]+)/);
  return {
    'API key': { headers: connection },
    'access token': { headers: { authorization: `Bearer ${login}` } },
    handle: { headers: connection, handle },
  };
}

/** The part of an answer that the pattern's group matches. */
async function ask({ app }: Hub, request: Request, wanted: RegExp): Promise<string> {
  const text = await (await app.fetch(request)).text();
  const found = wanted.exec(text)?.[1];
  if (found === undefined) throw new Error(text);
  return found;
}

const PREFIXES = {
  right: BENCH_KEY.slice(0, KNOWN_PREFIX),
  wrong: 'schk_0ther-words-here'.slice(0, KNOWN_PREFIX),
};

/** The request of an unknown key of the right length; both classes are made alike, for what is measured is the hub. */
function guess(prefix: string): Headers {
  const noise = randomBytes(BENCH_KEY.length)
    .toString('base64url')
    .slice(0, BENCH_KEY.length - KNOWN_PREFIX);
  return new Headers({ authorization: Buffer.from(`Bearer ${prefix}${noise}`).toString('latin1') });
}

/** Two classes in random order, each sample with a key of its own, made before any time is taken. */
async function benchPrefix(report: Report, { authenticator }: OpenHub): Promise<void> {
  const times: Record<keyof typeof PREFIXES, number[]> = { right: [], wrong: [] };
  for (let batch = 0; batch <= BATCHES; batch++) {
    const guesses = Array.from({ length: (2 * SAMPLES) / BATCHES }, (_, i) => {
      const kind = i % 2 === 0 ? 'right' : 'wrong';
      return { kind, headers: guess(PREFIXES[kind]), at: Math.random() } as const;
    }).sort((a, b) => a.at - b.at);
    for (const { kind, headers } of guesses) {
      const took = await timeOfRefusal(authenticator, headers);
      // The first batch warms up.
      if (batch > 0) times[kind].push(took);
    }
  }
  const bench = `Credentials, ${SAMPLES} refusals of each class`;
  const { right, wrong } = times;
  const all = crops([...right, ...wrong]).map((crop) => welch(below(right, crop), below(wrong, crop)));
  const figure = `Welch |t|, ${KNOWN_PREFIX} characters of a key right or wrong`;
  report.add({ bench, figure, value: Math.max(...all.map(Math.abs)), unit: '', atMost: T_AT_MOST });
}

/** Nanoseconds. */
async function timeOfRefusal(authenticator: Authenticator, headers: Headers): Promise<number> {
  const from = process.hrtime.bigint();
  const refused = await authenticator.verify(headers, ADDRESS).then(
    () => false,
    () => true,
  );
  const took = Number(process.hrtime.bigint() - from);
  if (!refused) throw new Error('a wrong key was let in');
  return took;
}

/** Above which times are left out: the machine did something else then. Uncropped, and at two percentiles. */
function crops(times: readonly number[]): readonly number[] {
  return [Infinity, quantile(times, 0.95), quantile(times, 0.75)];
}

function below(times: readonly number[], crop: number): readonly number[] {
  return times.filter((time) => time <= crop);
}

/** Welch's t: how far two means are apart, in standard errors. */
function welch(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [moments(a), moments(b)];
  return (x.mean - y.mean) / Math.sqrt(x.variance / a.length + y.variance / b.length);
}

function moments(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (values.length - 1) };
}

/** Processor time of finding out who calls, beside that of a whole call of a tool that does nothing; in turns. */
async function benchShare(
  report: Report,
  { app, services, authenticator }: OpenHub,
  kind: string,
  { headers, handle }: Way,
): Promise<void> {
  const client = { name: 'bench', version: '1' };
  const log = createLogger({ level: 'silent', format: 'json' });
  const rest = { requestId: 'bench', signal: new AbortController().signal, log };
  const identify = async (): Promise<void> => {
    const own = new Headers(headers);
    const principal = await authenticator.identify(await authenticator.verify(own, ADDRESS), own, client);
    if (handle !== undefined) await services.handles.resolve({ ...rest, principal }, handle);
  };
  const args = { session_id: 's', content: 'c', ...(handle === undefined ? {} : { auth_token: handle }) };
  const call = async (): Promise<void> => {
    const response = await app.fetch(toolRequest(headers, 'noop', args));
    const text = await response.text();
    if (response.status !== 200 || !text.includes('"message_id"')) throw new Error(text);
  };
  const credential: number[] = [];
  const whole: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    const [one, all] = [await cpuPer(identify), await cpuPer(call)];
    // The first round warms up.
    if (i === 0) continue;
    credential.push(one);
    whole.push(all);
  }
  const bench = `Credentials, ${kind}, processor time`;
  const share = median(credential.map((one, i) => (100 * one) / (whole[i] ?? NaN)));
  report.add({ bench, figure: 'verified and identified', value: median(credential), unit: 'µs' });
  report.add({ bench, figure: 'a whole call of a tool that does nothing', value: median(whole), unit: 'µs' });
  report.add({ bench, figure: 'share of the call', value: share, unit: '%', atMost: SHARE_AT_MOST });
}

/** Microseconds of processor time that one of `CALLS` calls took. */
async function cpuPer(work: () => Promise<void>): Promise<number> {
  const from = process.cpuUsage();
  for (let i = 0; i < CALLS; i++) await work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / CALLS;
}

function toolRequest(
  headers: Readonly<Record<string, string>>,
  name: string,
  args: Readonly<Record<string, string>>,
): Request {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name, arguments: args, _meta: meta };
  return new Request('http://127.0.0.1:23456/mcp', {
    method: 'POST',
    headers: {
      ...headers,
      host: '127.0.0.1:23456',
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
}
