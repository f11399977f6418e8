import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from './log.ts';
import { rotatingFile } from './rotating-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hub-log-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('keeps the newest lines, whole, in a few files of a limited size', () => {
  const file = path.join(folder, 'deep', 'hub.log');
  const log = rotatingFile(file, 100);
  for (let n = 0; n < 100; n++) log.write(`line ${String(n).padStart(3, '0')}\n`);
  expect(readdirSync(path.dirname(file)).sort()).toEqual(['hub.log', 'hub.log.1', 'hub.log.2', 'hub.log.3']);
  const parts = ['.3', '.2', '.1', ''].map((end) => readFileSync(file + end, 'utf8'));
  for (const part of parts) expect(part.length).toBeLessThanOrEqual(100);
  const lines = parts.join('').trim().split('\n');
  expect(lines).toEqual(
    Array.from({ length: lines.length }, (_, n) => `line ${String(100 - lines.length + n).padStart(3, '0')}`),
  );
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('takes the log of a hub, after what is there', async () => {
  const file = path.join(folder, 'hub.log');
  for (const word of ['one', 'two']) {
    createLogger({ level: 'info', format: 'json', file }).info(word);
    await nextTurn();
  }
  expect(
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg),
  ).toEqual(['one', 'two']);
});
