import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { collectLog } from '../../tests/http/harness.ts';

it('hides what should not have come into a line', () => {
  const { log, lines, text } = collectLog();
  const headers = { authorization: 'Bearer canary', 'x-api-key': 'canary', host: 'h' };
  log.info({ headers, request: { key: 'canary', token: 'canary', n: 1 }, list: [1] }, 'looked');
  log.warn({ err: Object.assign(new Error('no'), { token: 'canary', code: 'E' }) }, 'failed');
  expect(text()).not.toContain('canary');
  expect(lines()).toMatchObject([
    { headers: { host: 'h' }, request: { n: 1, key: '[Redacted]' }, list: [1], msg: 'looked' },
    { err: { message: 'no', code: 'E', token: '[Redacted]' }, msg: 'failed' },
  ]);
});

it.each(['process.exit(3)', 'throw new Error()', ''])(
  'has written everything when the process ends: %s',
  (end) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'hub-log-'));
    const file = path.join(folder, 'hub.log');
    const script = `
      const { createLogger } = await import(${JSON.stringify(new URL('./log.ts', import.meta.url).href)});
      const log = createLogger({ level: 'info', format: 'json', file: ${JSON.stringify(file)} });
      log.info('one');
      await new Promise(setImmediate);
      log.info('two');
      log.info('three');
      ${end}`;
    try {
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    } catch {
      // It is to end so.
    }
    const words = readFileSync(file, 'utf8').match(/"msg":"\w+"/g);
    rmSync(folder, { recursive: true });
    expect(words).toEqual(['"msg":"one"', '"msg":"two"', '"msg":"three"']);
  },
);
