import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchHub, type Watch } from '../../scripts/dev/watch.ts';
import { waitFor } from './wait.ts';

let root: string;
let watch: Watch;
let told: Set<string>;
beforeEach(async () => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), 'schub-watch-')));
  mkdirSync(path.join(root, 'src'));
  told = new Set();
  watch = await watchHub(
    root,
    (files) => {
      for (const file of files) told.add(file);
    },
    (error) => {
      throw error;
    },
  );
});
afterEach(async () => {
  await watch.close();
  rmSync(root, { recursive: true });
});

const AGAIN_MS = 1000;

/** Writes the file until it is told: what watches it may not be there yet. */
async function isTold(file: string): Promise<void> {
  let writtenAt = -Infinity;
  await waitFor(() => {
    const at = performance.now();
    if (at - writtenAt > AGAIN_MS) {
      writtenAt = at;
      writeFileSync(path.join(root, file), `${at}`);
    }
    return told.has(file) ? true : undefined;
  });
}

it('tells of the .env of a data folder that did not exist, and not of what the hub writes beside it', async () => {
  const data = path.join('share', 'hub');
  const dotenv = path.join(data, '.env');
  const [first, second] = [path.join('src', 'first.ts'), path.join('src', 'second.ts')];
  watch.add(path.join(root, dotenv));
  await isTold(first);
  mkdirSync(path.join(root, data), { recursive: true });
  for (const name of ['hub.db', 'hub.db-wal', 'hub.db.lock', 'hub.json'])
    writeFileSync(path.join(root, data, name), name);
  await isTold(dotenv);
  writeFileSync(path.join(root, data, 'hub.db-wal'), 'more');
  await isTold(second);
  expect([...told].toSorted()).toEqual([dotenv, first, second]);
});

it('tells of what lies in a folder that is made later, and not of what packages or tests put there', async () => {
  const plugins = path.join('share', 'hub', 'plugins');
  const source = path.join('src', 'hub.ts');
  watch.add(path.join(root, plugins));
  await isTold(source);
  mkdirSync(path.join(root, plugins, 'node_modules'), { recursive: true });
  for (const name of ['mine.test.mjs', path.join('node_modules', 'a.mjs')])
    writeFileSync(path.join(root, plugins, name), name);
  await isTold(path.join(plugins, 'mine.mjs'));
  expect([...told].filter((file) => /test|node_modules/.test(file))).toEqual([]);
});
