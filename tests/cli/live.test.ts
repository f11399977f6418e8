/** `schub demo`, `tail` and `logs`, run as a shell runs them. */
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

/** Of a loaded machine. */
const PATIENCE_MS = 60_000;
vi.setConfig({ testTimeout: 2 * PATIENCE_MS, hookTimeout: PATIENCE_MS });

const API_KEY = 'schk_of-the-agents-0123456789abcdef';
const share = temporaryFolder();
const env = { API_KEY, LOG_LEVEL: 'warn' };
let hub: Schub;
/** Those that a failed test has not ended. */
const started: Schub[] = [];
let url: string;

function start(args: readonly string[], more: Readonly<Record<string, string>> = {}): Schub {
  const run = runSchub({ args, share, env: { ...env, ...more } });
  if (args[0] !== 'serve') started.push(run);
  return run;
}

async function schub(...args: string[]) {
  const run = start(args);
  return { code: await run.ended, out: run.stdout(), err: run.stderr() };
}

const until = (is: () => boolean): Promise<boolean> => vi.waitUntil(is, PATIENCE_MS);
const linesOf = ({ stdout }: Schub): string[] => stdout().split('\n').slice(0, -1);

async function serve(): Promise<void> {
  hub = start(['serve']);
  url = await hub.ready;
}

async function api(agent: string, at: string, body: object): Promise<Record<string, string | number>> {
  const response = await fetch(`${url}/api/v1/${at}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', 'x-agent-id': agent },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as Record<string, string | number>;
}

async function newSession(): Promise<string> {
  return String((await api('ann', 'sessions', { purpose: 'to be followed' }))['session_id']);
}

async function post(session: string, content: string, agent = 'ann', more: object = {}): Promise<number> {
  return Number((await api(agent, `sessions/${session}/messages`, { content, ...more }))['message_id']);
}

beforeAll(serve);
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  rmSync(share, { recursive: true });
});

describe('demo', () => {
  it('plays in the hub that runs, and leaves what was said', async () => {
    const { code, out } = await schub('demo', '--json');
    expect(code).toBe(0);
    const { session_id: session, steps } = JSON.parse(out) as {
      session_id: string;
      steps: { agent: string; tool: string; did: string; text?: string }[];
    };
    expect(new Set(steps.map(({ tool }) => tool))).toEqual(
      new Set([
        ...['create_session', 'add_message', 'wait_for_messages', 'acquire_lease', 'release_lease'],
        ...['catch_up', 'search_context', 'update_session'],
      ]),
    );
    expect(steps.find(({ tool }) => tool === 'catch_up')?.text).toMatch(/Decision: the session cookie/);
    expect(steps.find(({ did }) => did.startsWith('searches for'))?.did).toContain('**Decision**');
    const { messages } = JSON.parse((await schub('messages', 'list', session, '--json')).out) as {
      messages: { sender: string; message_type: string }[];
    };
    expect(messages.map((message) => [message.sender, message.message_type])).toEqual([
      ['demo-ada', 'question'],
      ['demo-bob', 'answer'],
      ['demo-bob', 'handoff'],
      ['demo-ada', 'decision'],
    ]);
    expect((await schub('leases', 'list', '--json')).out).toContain('"leases": []');
    expect(await post(session, 'late').catch(() => 'refused')).toBe('refused');
    // And again, by the same agents.
    const again = await schub('demo');
    expect(again.code).toBe(0);
    expect(again.out).toMatch(/^demo-bob hears the question \d+ ms after it was asked$/m);
    // As it is typed in a checkout, where no schub is on the PATH.
    expect(again.err).toContain('scripts/schub connect --all');
    expect(again.err).toContain('scripts/schub search "cookie decision"');
  });

  it('brings a hub of its own, of which nothing is left', async () => {
    const tmp = path.join(share, 'tmp');
    mkdirSync(tmp);
    const elsewhere = { XDG_DATA_HOME: tmp, TMPDIR: tmp };
    const without = start(['demo'], elsewhere);
    expect([await without.ended, without.stdout()]).toEqual([5, '']);
    const run = start(['demo', '--scratch'], elsewhere);
    expect([await run.ended, run.stderr()]).toEqual([0, expect.stringContaining('is gone')]);
    expect(run.stdout()).toMatch(/^demo-ada closes the session$/m);
    expect(readdirSync(tmp)).toEqual([]);
  });
});

describe('tail', () => {
  it('loses and doubles nothing, also while the hub is killed and comes back elsewhere', async () => {
    const session = await newSession();
    const posted = [await post(session, 'before'), await post(session, 'also before')];
    const run = start(['tail', session, '--since', '1h', '--ndjson']);
    const seen = (): number[] => linesOf(run).map((line) => (JSON.parse(line) as { id: number }).id);
    posted.push(await post(session, 'while it starts'));
    await until(() => seen().length >= 3);
    for (let i = 0; i < 50; i++) posted.push(await post(session, `number ${i}`));
    hub.child.kill('SIGKILL');
    await hub.ended;
    await serve();
    for (let i = 0; i < 50; i++) posted.push(await post(session, `then number ${i}`));
    await until(() => seen().length >= posted.length);
    expect(seen()).toEqual(posted);
    expect(run.stderr()).toBe('The hub is gone; waiting for it.\nThe hub is back.\n');
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(130);
  });

  it('tells once what was said between the two ways in which it hears of it', async () => {
    const session = await newSession();
    const posted: number[] = [];
    // Before the hub: something is said when the stream is open and the history has not been read.
    const front = createServer((req, res) => {
      void (async () => {
        if (req.url?.includes('/messages') === true) posted.push(await post(session, 'in between'));
        const answer = await fetch(`${url}${req.url ?? ''}`, {
          headers: { authorization: req.headers.authorization ?? '' },
        });
        res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
        res.flushHeaders();
        for await (const chunk of answer.body ?? []) res.write(chunk);
        res.end();
      })().catch(() => res.destroy());
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    const { port } = front.address() as AddressInfo;
    const run = start(['tail', session, '--since', '1h', '--ndjson'], {
      HUB_URL: `http://127.0.0.1:${port}`,
    });
    await until(() => linesOf(run).length > 0);
    posted.push(await post(session, 'afterwards'));
    await until(() => run.stdout().includes('afterwards'));
    expect(linesOf(run).map((line) => (JSON.parse(line) as { id: number }).id)).toEqual(posted);
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(130);
    front.closeAllConnections();
    front.close();
  });

  it('prints what is asked for, one line for each, and nothing that steers a terminal', async () => {
    const [session, other] = [await newSession(), await newSession()];
    const run = start(['tail', '--sender', 'Bob_Builder', '--type', 'decision,finding']);
    const probe = async (): Promise<void> => {
      const id = await post(other, 'probe', 'bob-builder', { message_type: 'finding' });
      await vi.waitUntil(() => run.stdout().includes(`${id}\t`), 1000).catch(probe);
    };
    await probe();
    await post(session, 'not of this type', 'bob-builder');
    await post(session, 'not of this sender', 'ann', { message_type: 'decision' });
    const content = 'two\nlines, and \u001b[31mred';
    const id = await post(session, content, 'bob-builder', {
      message_type: 'decision',
      visibility: 'private',
    });
    await until(() => run.stdout().includes('two'));
    const last = linesOf(run).at(-1)?.split('\t');
    expect(last).toEqual([
      ...[String(id), expect.stringMatching(/^\d{4}-.*Z$/), session, 'decision, private'],
      ...['bob-builder', 'two lines, and red'],
    ]);
    expect(run.stdout()).not.toContain('not of this');
    // Whoever read it has gone.
    run.child.stdout?.destroy();
    await post(session, 'one', 'bob-builder', { message_type: 'finding' });
    await post(session, 'two', 'bob-builder', { message_type: 'finding' });
    expect(await run.ended).toBe(0);
  });

  it.each([
    [['tail', 'session_ffffffffffffffff'], 3, /no session/i],
    [['tail', '--since', 'yesterday'], 2, /expected a span/],
    [['tail', '--since', '2026-01-01'], 2, /expected a span/],
  ])('%j ends with %i', async (args, code, said) => {
    const ended = await schub(...args);
    expect([ended.code, ended.out]).toEqual([code, '']);
    expect(ended.err).toMatch(said);
  });
});

describe('logs', () => {
  const folder = path.join(share, 'logs');
  const file = path.join(folder, 'my.log');
  const entry = (msg: string): string => `${JSON.stringify({ level: 30, time: 1_700_000_000_000, msg })}\n`;
  const read = (...args: string[]): Schub => start(['logs', ...args], { LOG_FILE: file });

  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(`${file}.2`, entry('first') + entry('second'));
    writeFileSync(`${file}.1`, entry('third'));
    writeFileSync(file, entry('fourth') + entry('fifth') + entry('half a line').slice(0, 10));
  });

  it('reads back through the files that are full, and stops before what is not complete', async () => {
    const three = read('-n', '3');
    expect([await three.ended, three.stderr()]).toEqual([0, '']);
    expect(three.stdout()).toBe(entry('third') + entry('fourth') + entry('fifth'));
    const all = read('--json');
    await all.ended;
    const { entries } = JSON.parse(all.stdout()) as { entries: { msg: string }[] };
    expect(entries.map(({ msg }) => msg)).toEqual(['first', 'second', 'third', 'fourth', 'fifth']);
    const painted = start(['logs', '-n', '1'], { LOG_FILE: file, FORCE_COLOR: '1' });
    await painted.ended;
    expect(painted.stdout()).toMatch(/\u001b\[32mINFO.*fifth/);
  });

  it('follows what is written, from file to file', async () => {
    const run = read('-f', '-n', '1');
    await until(() => run.stdout() !== '');
    appendFileSync(file, entry('half a line').slice(10) + entry('sixth'));
    renameSync(`${file}.1`, `${file}.2`);
    renameSync(file, `${file}.1`);
    writeFileSync(file, entry('seventh'));
    await until(() => run.stdout().includes('seventh'));
    appendFileSync(file, entry('eighth, mit „Grüßen“'));
    await until(() => run.stdout().includes('eighth'));
    const told = ['fifth', 'half a line', 'sixth', 'seventh', 'eighth, mit „Grüßen“'];
    expect(run.stdout()).toBe(told.map(entry).join(''));
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(130);
  });

  it('says what to do where there is none', async () => {
    const { code, out, err } = await schub('logs');
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(/There is no log at .*hub\.log: .* Set LOG_FILE/);
  });
});
