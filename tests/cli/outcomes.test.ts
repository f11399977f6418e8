/** How commands end: every exit code, errors as documents, and what was probably meant. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EXIT } from '../../src/cli/output.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

/** Of a loaded machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const share = temporaryFolder();
const empty = temporaryFolder();
let hub: Schub;

beforeAll(async () => {
  hub = runSchub({ args: ['serve'], share });
  writeFileSync(path.join(share, 'bad.jsonl'), 'no json\n');
  await hub.ready;
});
afterAll(async () => {
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  for (const folder of [share, empty]) rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: number;
  /** Of the error object; null: there is none, the findings are on standard output. */
  readonly error: string | null;
}

const OUTCOMES: readonly Outcome[] = [
  { args: ['search', 'nothing-like-it'], code: EXIT.ok, error: null },
  { args: ['import', 'bad.jsonl'], code: EXIT.failure, error: null },
  { args: ['status'], env: { HTTP_PORT: 'x' }, code: EXIT.failure, error: 'INTERNAL_ERROR' },
  { args: ['tail', '--since', 'soon'], code: EXIT.usage, error: 'INVALID_INPUT' },
  { args: ['messages', 'list', 'session_ffffffffffffffff'], code: EXIT.notFound, error: 'SESSION_NOT_FOUND' },
  {
    args: ['keys', 'list'],
    env: { HUB_API_KEY: 'schk_of-nobody-0123456789abcdef' },
    code: EXIT.permission,
    error: 'AUTHENTICATION_FAILED',
  },
  {
    args: ['agents', 'list'],
    env: { XDG_DATA_HOME: empty },
    code: EXIT.unreachable,
    error: 'STORE_UNAVAILABLE',
  },
  { args: ['doctor'], env: { LOG_LEVEL: 'loud' }, code: EXIT.problemsFound, error: null },
];

describe.concurrent('schub', () => {
  it.each(OUTCOMES)('$args ends with $code', async ({ args, env = {}, code, error }) => {
    const run = async (...more: string[]) => {
      const ran = runSchub({ args: [...args, ...more], share, env });
      return { code: await ran.ended, out: ran.stdout(), err: ran.stderr() };
    };
    const [text, json] = await Promise.all([run(), run('--json')]);
    expect([text.code, json.code], text.err).toEqual([code, code]);
    if (error === null) {
      expect(JSON.parse(json.out)).toBeTypeOf('object');
      return;
    }
    expect([text.out, json.out]).toEqual(['', '']);
    const said = JSON.parse(json.err) as Record<string, unknown>;
    expect(said).toMatchObject({ success: false, code: error, timestamp: expect.any(String) });
    expect(Object.keys(said)).toEqual(
      expect.arrayContaining(['error', 'number', 'severity', 'recoverable', 'suggestions', 'context']),
    );
    expect(text.err).toBe(`schub: ${String(said['error'])}\n`);
  });

  it.each(['SIGINT'] as const)('tail ends with 130 at %s', async (signal) => {
    const run = runSchub({ args: ['tail', '--since', '1s'], share });
    // It asks the hub, so it is past its beginning.
    await vi.waitUntil(() => hub.stderr().includes('"path":"/events"'), 60_000);
    run.child.kill(signal);
    expect(await run.ended).toBe(EXIT.interrupted);
  });

  it('reaches every code', () => {
    const reached = new Set([...OUTCOMES.map(({ code }) => code), EXIT.interrupted]);
    expect([...reached].sort((a, b) => a - b)).toEqual(Object.values(EXIT).sort((a, b) => a - b));
  });

  it.each([
    [['sesions', 'list'], 'Did you mean sessions?'],
    [['keys', 'creat'], 'Did you mean create?'],
    [['tail', '--sinse', '1h'], 'Did you mean --since?'],
    [['completion', 'bsh'], 'Allowed choices are bash, zsh, fish.'],
    [['connect', 'claude-cod'], 'Did you mean claude-code?'],
  ])('%j: says what was probably meant', async (args, said) => {
    const run = runSchub({ args, share });
    expect([await run.ended, run.stdout()]).toEqual([EXIT.usage, '']);
    expect(run.stderr()).toContain(said);
  });

  it.each([
    [{}, false],
    [{ FORCE_COLOR: '1' }, true],
    [{ NO_COLOR: '1' }, false],
    [{ FORCE_COLOR: '0' }, false],
  ])('with %j paints into a pipe: %s', async (env, painted) => {
    const run = runSchub({ args: ['keys', 'list'], share, env });
    expect(await run.ended).toBe(0);
    expect(run.stdout().includes('\u001b[')).toBe(painted);
  });
});
