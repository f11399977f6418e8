/** Which files a store opens, which it refuses, and that it leaves those alone. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newFolder, newSession, newWorkspace, openSqlite, post, seesPublic } from './engine.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = newFolder();
  path = join(folder, 'hub.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const open = (options: Parameters<typeof openSqlite>[1] = {}) =>
  openSqlite(folder, { lockWaitMs: 0, ...options });
const digest = (): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const change = (sql: string): void => {
  const db = new Database(path);
  db.exec(sql);
  db.close();
};

const schemaVersion = (): number => {
  const db = new Database(path, { readonly: true });
  const version = Number(db.pragma('user_version', { simple: true }));
  db.close();
  return version;
};

/** The refusal's words; fails if the file was touched. */
async function refusal(): Promise<string> {
  const before = existsSync(path) ? digest() : undefined;
  const message = await open().then(
    () => 'not refused',
    (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
  );
  if (before !== undefined) expect(digest()).toBe(before);
  expect(message).toMatch(/^StartError: /);
  return message;
}

async function fill(messages = 50): Promise<void> {
  const store = await open();
  const session = await newSession(store, await newWorkspace(store));
  await Promise.all(
    Array.from({ length: messages }, () => post(store, session, { content: 'x'.repeat(500) })),
  );
  await store.close();
}

describe('a file of another kind', () => {
  it.each([0, 1, 999])('is refused and left as it is: another database, of version %i', async (version) => {
    change(`CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1); PRAGMA user_version = ${version}`);
    expect(await refusal()).toMatch(version === 999 ? /schema version 999/ : /another program/);
    expect(readdirSync(folder).filter((name) => name.startsWith('hub.db.before'))).toEqual([]);
    const db = new Database(path, { readonly: true });
    expect(db.pragma('journal_mode', { simple: true })).toBe('delete');
    db.close();
  });

  it('is refused: no database', async () => {
    writeFileSync(path, 'Dear diary, '.repeat(1000));
    expect(await refusal()).toMatch(/not a database/);
  });

  it('is refused: a folder, and a path below a file', async () => {
    mkdirSync(path);
    await expect(open()).rejects.toMatchObject({ name: 'StartError' });
    rmSync(path, { recursive: true });
    writeFileSync(path, '');
    await expect(openSqlite(join(path, 'below'))).rejects.toMatchObject({ name: 'StartError' });
  });

  it('is taken where it is empty', async () => {
    writeFileSync(path, '');
    await (await open()).close();
    change('SELECT last_seq FROM hub');
  });

  it('is missed where its log is still there', async () => {
    writeFileSync(`${path}-wal`, 'frames');
    expect(await refusal()).toMatch(/missing, but .*-wal/);
    expect(readFileSync(`${path}-wal`, 'utf8')).toBe('frames');
  });
});

describe('a newer schema', () => {
  it('is refused with both versions, and left as it is', async () => {
    await fill();
    const known = schemaVersion();
    change('PRAGMA user_version = 999');
    expect(await refusal()).toContain(`schema version 999, this hub knows versions up to ${known};`);
    change(`PRAGMA user_version = ${known}`);
    await (await open()).close();
  });

  it('is refused with its log unread into it', async () => {
    await fill();
    const db = new Database(path);
    db.exec('PRAGMA user_version = 999');
    // As after a crash: what was written last is in the log alone.
    const copy = join(folder, 'copy');
    mkdirSync(copy);
    for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, join(copy, `hub.db${end}`));
    db.close();
    path = join(copy, 'hub.db');
    const log = readFileSync(`${path}-wal`);
    const before = digest();
    await expect(openSqlite(copy)).rejects.toThrow(/schema version 999/);
    expect(digest()).toBe(before);
    expect(readFileSync(`${path}-wal`).equals(log)).toBe(true);
  });
});

describe('a damaged file', () => {
  function damage(page: number): void {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(4096, 0x5a), 0, 4096, (page - 1) * 4096);
  }
  const somePage = (): number => {
    const db = new Database(path, { readonly: true });
    const page = db
      .prepare("SELECT pageno FROM dbstat WHERE name = 'messages' AND pagetype = 'leaf' LIMIT 1")
      .pluck();
    const found = Number(page.get());
    db.close();
    return found;
  };

  it('is refused and left as it is: a page', async () => {
    await fill();
    damage(somePage());
    expect(await refusal()).toMatch(/damaged|malformed/);
  });

  it('is refused and left as it is: its end', async () => {
    await fill();
    truncateSync(path, 4096 * 12);
    expect(await refusal()).toMatch(/damaged|malformed/);
  });

  it('that is large serves while it is checked, and takes no writes once it was found out', async () => {
    await fill();
    damage(somePage());
    const before = digest();
    const store = await open({ checkedAtStartBytes: 0 });
    await expect
      .poll(() => store.health(), { timeout: 10_000 })
      .toEqual({ writable: false, reason: 'the database is damaged' });
    await expect(newWorkspace(store)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await store.close();
    expect(digest()).toBe(before);
  });

  it('that is whole and large goes on', async () => {
    await fill();
    const store = await open({ checkedAtStartBytes: 0 });
    expect(await store.readers.findDamage()).toBeUndefined();
    await newWorkspace(store);
    expect(store.health()).toEqual({ writable: true });
    await store.close();
  });
});

it('keeps its files to itself, wherever they lie', async () => {
  const store = await open();
  await newWorkspace(store);
  const modes = readdirSync(folder).map((file) => [file, statSync(join(folder, file)).mode & 0o777]);
  expect(Object.fromEntries(modes)).toEqual({
    ...{ 'hub.db': 0o600, 'hub.db-shm': 0o600, 'hub.db-wal': 0o600 },
    ...{ 'hub.db.lock': 0o600, 'hub.db.lock-journal': 0o600, 'hub.db.lock.json': 0o600 },
  });
  await store.close();
});

describe('one database', () => {
  const inUse = new RegExp(`in use by a hub already running as process ${process.pid} at http://here;`);

  it('has one store, which the second learns the address of', async () => {
    const store = await open();
    await expect(open()).rejects.toThrow(`process ${process.pid};`);
    store.announce('http://here');
    await expect(open()).rejects.toThrow(inUse);
    const session = await newSession(store, await newWorkspace(store));
    expect(await store.read.messages.count(session.pk, seesPublic(session.workspace))).toBe(0);
    await store.close();
    await (await open()).close();
  });

  it('is one by whatever name', async () => {
    const [aside, link] = [join(folder, 'aside'), join(folder, 'link')];
    mkdirSync(aside);
    symlinkSync(folder, link);
    // A link to what does not exist yet.
    symlinkSync(path, join(aside, 'hub.db'));
    const store = await openSqlite(aside);
    expect(existsSync(path)).toBe(true);
    store.announce('http://here');
    for (const name of [folder, link, aside])
      await expect(openSqlite(name, { lockWaitMs: 0 })).rejects.toThrow(inUse);
    await store.close();
    const second = await openSqlite(link);
    await expect(openSqlite(aside, { lockWaitMs: 0 })).rejects.toThrow(/in use/);
    await second.close();
  });

  it('is refused where it has two names that nothing connects', async () => {
    await fill(1);
    linkSync(path, join(folder, 'second name'));
    expect(await refusal()).toMatch(/several names/);
  });

  it('is waited for while another store leaves it', async () => {
    const first = await open();
    const second = openSqlite(folder, { lockWaitMs: 5000 });
    await delay(150);
    await first.close();
    await (await second).close();
  });

  it('is free whatever a dead process has written', async () => {
    writeFileSync(`${path}.lock.json`, JSON.stringify({ pid: 2 ** 22 - 1, url: 'http://gone' }));
    writeFileSync(`${path}.lock`, '');
    const store = await open();
    expect(JSON.parse(readFileSync(`${path}.lock.json`, 'utf8'))).toEqual({ pid: process.pid });
    await store.close();
    expect(existsSync(`${path}.lock.json`)).toBe(false);
    writeFileSync(`${path}.lock.json`, '{ half');
    const again = await open();
    writeFileSync(`${path}.lock.json`, '{ half');
    await expect(open()).rejects.toThrow('as another process;');
    await again.close();
  });
});
