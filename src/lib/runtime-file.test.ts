import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRuntimeFile, removeRuntimeFile, writeRuntimeFile } from './runtime-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hub-runtime-'));
  file = path.join(folder, 'hub.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const info = {
  pid: 42,
  url: 'http://127.0.0.1:23456',
  version: '1.2.3',
  started_at: '2026-01-02T03:04:05.678Z',
};

it('gives back what was written, privately', async () => {
  await writeRuntimeFile(file, info);
  expect(await readRuntimeFile(file)).toEqual(info);
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
});

it.each([
  '',
  '{',
  '[]',
  '{"pid":"42"}',
  JSON.stringify({ ...info, pid: -1 }),
  JSON.stringify({ ...info, url: 'x' }),
])('takes %j for none', async (text) => {
  writeFileSync(file, text);
  expect(await readRuntimeFile(file)).toBeUndefined();
});

it('takes a missing one for none', async () => {
  expect(await readRuntimeFile(file)).toBeUndefined();
  await removeRuntimeFile(file, 42);
});

it('removes only its own', async () => {
  await writeRuntimeFile(file, info);
  await removeRuntimeFile(file, 41);
  expect(existsSync(file)).toBe(true);
  await removeRuntimeFile(file, 42);
  expect(existsSync(file)).toBe(false);
});
