/** Starts that must fail, with exit code 1 and a sentence, and those that must not. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { databaseOf, startHub, type HubProcess } from '../_util/hub-process.ts';
import { mustCall } from '../_util/ledger-client.ts';

vi.setConfig({ testTimeout: 60_000 });

let share: string;
let started: HubProcess[];
beforeEach(() => {
  share = mkdtempSync(join(tmpdir(), 'schub-start-'));
  started = [];
});
afterEach(async () => {
  for (const hub of started) await hub.kill();
  rmSync(share, { recursive: true });
});

function start(env: Readonly<Record<string, string>> = {}, place = share): HubProcess {
  const hub = startHub(place, { env });
  started.push(hub);
  return hub;
}

/** What a hub says that does not start. */
async function refusal(env: Readonly<Record<string, string>> = {}, place = share): Promise<string> {
  const hub = start(env, place);
  expect(await hub.ended).toBe(1);
  await expect(hub.ready).rejects.toThrow();
  return hub.log();
}

describe('a second hub', () => {
  it('on the same file names the first one and leaves it alone', async () => {
    const first = start();
    const url = await first.ready;
    const other = mkdtempSync(join(tmpdir(), 'schub-start-'));
    const [sameFolder, sameFile] = await Promise.all([
      refusal(),
      refusal({ DATABASE_PATH: databaseOf(share) }, other),
    ]);
    for (const said of [sameFolder, sameFile]) {
      expect(said).toContain(`process ${first.pid}`);
      expect(said).toContain(url);
    }
    expect(await mustCall(url, 'a', 'create_session', { purpose: 'still there' })).toHaveProperty(
      'session_id',
    );
    expect(await first.stop()).toBe(0);
    rmSync(other, { recursive: true });
  });

  it('waits for one that is stopping', async () => {
    const first = start();
    await first.ready;
    const second = start();
    const stopped = first.stop();
    await second.ready;
    expect(await stopped).toBe(0);
    expect(await second.stop()).toBe(0);
  });

  it('starts at once after a kill -9', async () => {
    const first = start();
    const url = await first.ready;
    const { session_id } = await mustCall(url, 'a', 'create_session', { purpose: 'kept' });
    await first.kill();
    expect(readFileSync(`${databaseOf(share)}.lock.json`, 'utf8')).toContain(String(first.pid));
    const second = start();
    expect(await mustCall(await second.ready, 'a', 'get_session', { session_id })).toMatchObject({
      session: { purpose: 'kept' },
    });
  });
});

describe('a hub', () => {
  function edit(sql: string): Buffer {
    mkdirSync(dirname(databaseOf(share)), { recursive: true });
    const db = new Database(databaseOf(share));
    db.exec(sql);
    db.close();
    return readFileSync(databaseOf(share));
  }

  it('does not start on a newer database, another program’s or none', async () => {
    const first = start();
    await first.ready;
    expect(await first.stop()).toBe(0);
    const newer = edit('PRAGMA user_version = 1234');
    expect(await refusal()).toMatch(/schema version 1234, this hub knows versions up to \d+/);
    expect(readFileSync(databaseOf(share)).equals(newer)).toBe(true);

    rmSync(databaseOf(share));
    const foreign = edit('CREATE TABLE theirs (a)');
    expect(await refusal()).toMatch(/another program/);
    expect(readFileSync(databaseOf(share)).equals(foreign)).toBe(true);

    writeFileSync(databaseOf(share), 'Dear diary, '.repeat(1000));
    expect(await refusal()).toMatch(/not a database/);
    expect(readFileSync(databaseOf(share), 'utf8')).toBe('Dear diary, '.repeat(1000));
  });

  it('does not start where it cannot write', async () => {
    const file = join(share, 'file');
    writeFileSync(file, '');
    expect(await refusal({ DATABASE_PATH: join(file, 'hub.db') })).toMatch(/cannot be used/);
    expect(await refusal({ XDG_DATA_HOME: file })).toMatch(/cannot be used/);
    expect(readFileSync(file, 'utf8')).toBe('');
  });
});
