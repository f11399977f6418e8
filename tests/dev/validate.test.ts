import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Case } from './case.ts';
import { entriesOf, makeCase, noClone, useDataFolder } from './case.ts';
import type { Checkout } from './checkout.ts';
import { copyCheckout } from './checkout.ts';

const GOOD = 'good-and-long-enough-to-be-a-key-1';

let checkout: Checkout;
beforeAll(async () => {
  checkout = copyCheckout();
  await useDataFolder(checkout);
});
afterAll(async () => {
  await checkout[Symbol.asyncDispose]();
});

describe.concurrent('npm run dev -- --validate', () => {
  it('finds nothing to say where nothing is set, and makes nothing', async () => {
    const here = makeCase(checkout);
    const { code, lines } = await here.run(['--validate']);
    expect(lines).toEqual([expect.stringContaining(`the data folder ${here.folder} and`)]);
    expect(code).toBe(0);
    expect(existsSync(here.folder)).toBe(false);
  });

  it('finds nothing to say about what a hub has left, and changes nothing', async () => {
    const here = makeCase(checkout, 'used');
    const before = entriesOf(here.folder);
    expect(await here.run(['--validate'], { API_KEY: GOOD })).toMatchObject({ code: 0, err: '' });
    expect(entriesOf(here.folder)).toEqual(before);
  });

  it.each<[string, Readonly<Record<string, string>>, readonly RegExp[]]>([
    ['a weak key', { API_KEY: 'hunter2-hunter2' }, [/^API_KEY is too short; .* 24 characters\.$/]],
    ['a placeholder', { JWT_SECRET_KEY: 'change-me-'.repeat(4) }, [/^JWT_SECRET_KEY is a placeholder; /]],
    ['equal keys', { API_KEY: GOOD, ADMIN_API_KEY: GOOD }, [/^API_KEY and ADMIN_API_KEY are the same; /]],
    ['a malformed key', { API_KEY: `${GOOD} ${GOOD}` }, [/^API_KEY is malformed \(in the environment\)/]],
    [
      'a malformed value',
      { HTTP_PORT: '70000' },
      [/^HTTP_PORT is "70000" \(in the environment\); expected /],
    ],
    [
      'several of them',
      { ADMIN_API_KEY: 'hunter2-hunter2', HTTP_PORT: 'http', LOG_LEVEL: 'loud', JWT_SECRET_KEY: 'hunter2-x' },
      [
        /^HTTP_PORT is "http"/,
        /^LOG_LEVEL is "loud"/,
        /^ADMIN_API_KEY is too short/,
        /^JWT_SECRET_KEY is too/,
      ],
    ],
  ])('names %s of the environment, and shows no secret', async (_name, env, expected) => {
    const { code, lines, out, err } = await makeCase(checkout, 'used').run(['--validate'], env);
    expect(lines).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
    expect([code, err]).toEqual([1, '']);
    for (const secret of ['hunter2', 'change-me', GOOD, 'schk_']) expect(out).not.toContain(secret);
  });

  it.each<[string, string, readonly RegExp[]]>([
    [
      'an unknown key',
      'HTTP_PROT=1',
      [/^"HTTP_PROT" in .*\.env is not a setting .* did you mean HTTP_PORT\?$/],
    ],
    ['a line of another form', 'HTTP_PORT=0\nHTTP_HOST localhost', [/^Line 2 of .*\.env is not of the form/]],
    [
      'all there is',
      'one\nFOO=`a`\ntwo\nMAX_MESSAGE_LENGTH=0\nHTTP_PROT=1\nLOG_FORMAT="it\'s\nxml"',
      [
        /^Line 1 /,
        /^Line 3 /,
        /^"FOO" in/,
        /^"HTTP_PROT" in/,
        /^LOG_FORMAT is "it's\\nxml"/,
        /^MAX_MESSAGE_LENGTH/,
      ],
    ],
  ])('names %s of .env', async (_name, text, expected) => {
    const here = makeCase(checkout);
    writeFileSync(here.file('.env'), text);
    const { code, lines } = await here.run(['--validate']);
    expect(lines).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
    expect(code).toBe(1);
  });

  it('names all that is wrong in the hub.config.yaml that it is told of', async () => {
    const here = makeCase(checkout);
    const own = here.file('own.yaml');
    writeFileSync(own, 'http:\n  prt: 1\nlog:\n  level: loud\n');
    const { code, lines } = await here.run(['--validate', '--config', own]);
    expect(lines).toEqual([
      `"prt" in line 2 of ${own} (http) is not a setting of the hub; did you mean port?`,
      expect.stringMatching(/^LOG_LEVEL is "loud" \(in .*own\.yaml, line 4\); expected /),
    ]);
    expect(code).toBe(1);
  });

  it('names what keeps plugins from being loaded', async () => {
    const here = makeCase(checkout);
    const broken = here.file('broken.mjs');
    writeFileSync(broken, 'export const plugin = 1;\n');
    const { code, lines } = await here.run(['--validate'], { PLUGINS: broken });
    expect(lines).toEqual([
      expect.stringMatching(/broken\.mjs is no plugin: it must export what definePlugin /),
    ]);
    expect(code).toBe(1);
  });

  it('reads the .env beside package.json where npm has started it in the checkout', async () => {
    const here = makeCase(checkout);
    writeFileSync(here.file('.env'), 'HTTP_PORT=never-read');
    const started = { npm_package_json: path.join(checkout.root, 'package.json') };
    expect((await here.run(['--validate'], started)).code).toBe(0);
  });

  it.each<[string, (here: Case) => void, RegExp]>([
    [
      'a data folder that is a file',
      (here) => writeFileSync(here.folder, ''),
      /cannot be (used|read): (it is no folder|a part of its path is a file)\.$/,
    ],
    [
      'a .env that is a folder',
      (here) => mkdirSync(here.file('.env')),
      /\.env cannot be read: it is a folder\.$/,
    ],
    [
      'damaged secrets',
      (here) => writeFileSync(here.file('secrets.json'), `{"API_KEY":"${GOOD}`),
      /^The secrets file .*secrets\.json is damaged/,
    ],
    [
      'weak secrets that are kept',
      (here) => writeFileSync(here.file('secrets.json'), '{"API_KEY":"hunter2"}'),
      /^API_KEY in .*secrets\.json is too short/,
    ],
    [
      'what is no database',
      (here) => writeFileSync(here.file('hub.db'), 'x'.repeat(5_000)),
      /not a database/,
    ],
    [
      'a large file that is no database',
      (here) => {
        writeFileSync(here.file('hub.db'), 'x');
        truncateSync(here.file('hub.db'), 70_000_000);
      },
      /hub\.db cannot be used: file is not a database/,
    ],
    [
      "another program's database",
      (here) => alter(here, 'application_id = 1'),
      /hub\.db is a database of another/,
    ],
    ['a newer database', (here) => alter(here, 'user_version = 999'), /hub\.db has schema version 999/],
    [
      'a large newer database',
      (here) => {
        alter(here, 'user_version = 999');
        truncateSync(here.file('hub.db'), 70_000_000);
      },
      /hub\.db has schema version 999/,
    ],
    ['damaged pages', damage, /hub\.db (is damaged|cannot be used: database disk image is malformed)/],
  ])('names %s, and leaves it as it is', async (name, prepare, expected) => {
    const here = makeCase(
      checkout,
      /^(another|a newer|a large newer|damaged pages)/.test(name) ? 'used' : 'new',
    );
    prepare(here);
    const before = entriesOf(here.folder);
    const { code, out, lines, err } = await here.run(['--validate']);
    expect(lines).toEqual([expect.stringMatching(expected)]);
    expect(out).not.toContain(GOOD);
    expect([code, err]).toEqual([1, '']);
    expect(entriesOf(here.folder)).toEqual(before);
  });

  it.skipIf(process.getuid?.() === 0)('names a folder that it may not read', async () => {
    const here = makeCase(checkout);
    mkdirSync(here.folder, { mode: 0 });
    const { code, out, err } = await here.run(['--validate']);
    expect(out + err).toMatch(/permission denied/);
    expect(code).toBe(1);
  });

  it('leaves a running hub alone', async () => {
    const here = makeCase(checkout, 'used');
    const env = {
      HOME: here.share,
      XDG_DATA_HOME: here.share,
      HTTP_PORT: '0',
      LOG_LEVEL: 'silent',
      ...noClone,
    };
    const dev = checkout.dev([], env);
    const url = await dev.ready();
    const before = readFileSync(here.file('hub.db.lock.json'), 'utf8');
    expect(await here.run(['--validate'])).toMatchObject({ code: 0, err: '' });
    expect(await here.run(['--info'])).toMatchObject({
      out: expect.stringContaining(`runs at ${url}`) as string,
    });
    expect(readFileSync(here.file('hub.db.lock.json'), 'utf8')).toBe(before);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    dev.kill('SIGTERM');
    expect(await dev.ended).toBe(0);
  });

  it('refuses a flag that does not exist', async () => {
    const { code, out, err } = await makeCase(checkout).run(['--validate', '--prot', '1']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^dev: unknown option '--prot' \(Did you mean --port\?\)\n$/);
  });
});

function alter(here: Case, pragma: string): void {
  const sqlite = new Database(here.file('hub.db'));
  sqlite.pragma(pragma);
  sqlite.close();
}

function damage(here: Case): void {
  const file = here.file('hub.db');
  const bytes = readFileSync(file);
  // All but the page that SQLite reads to open it.
  bytes.fill(0xff, 8_192);
  writeFileSync(file, bytes);
}
