import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GivenSecrets } from './config.ts';
import { jwtSecrets } from './secret-rules.ts';
import { inspectSecrets, loadSecrets, markShown } from './secrets.ts';

const NONE: GivenSecrets = { apiKey: null, adminApiKey: null, jwtSecretKey: null };
const KEY = 'agent-key-of-the-operator-1';
const ADMIN = 'admin-key-of-the-operator-2';
const posix = process.platform !== 'win32';

let scratch: string;
let data: string;
beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'hub-secrets-'));
  data = path.join(scratch, 'share', 'hub');
});
afterEach(() => {
  rmSync(scratch, { recursive: true });
});
const file = (): string => path.join(data, 'secrets.json');
const mode = (name: string): number => statSync(name).mode & 0o777;

describe('the first start', () => {
  it('makes what is not set, privately, and keeps it', async () => {
    const first = await loadSecrets(data, NONE);
    expect(first.made).toEqual(['API_KEY', 'ADMIN_API_KEY', 'JWT_SECRET_KEY']);
    for (const secret of Object.values(first.secrets)) expect(secret).toMatch(/^schk_[\w-]{32,}$/);
    expect(new Set(Object.values(first.secrets)).size).toBe(3);
    expect(first.warnings).toEqual([]);
    if (posix) expect([mode(file()), mode(data)]).toEqual([0o600, 0o700]);
    expect(readdirSync(data)).toEqual(['secrets.json']);
    expect((await loadSecrets(data, NONE)).secrets).toEqual(first.secrets);
  });

  it('says what was made until it has been shown', async () => {
    await loadSecrets(data, NONE);
    expect((await loadSecrets(data, NONE)).made).toHaveLength(3);
    await markShown(data);
    const again = await loadSecrets(data, NONE);
    expect(again.made).toEqual([]);
    expect((await loadSecrets(data, NONE)).secrets).toEqual(again.secrets);
    if (posix) expect(mode(file())).toBe(0o600);
  });

  it('makes nothing where all are given', async () => {
    const jwt = 'a signing secret of the operator, long';
    const loaded = await loadSecrets(data, { apiKey: KEY, adminApiKey: ADMIN, jwtSecretKey: jwt });
    expect(loaded).toMatchObject({
      secrets: { apiKey: KEY, adminApiKey: ADMIN, jwtSecretKey: jwt },
      made: [],
    });
    expect(existsSync(file())).toBe(false);
  });

  it('gives all of several starts at once the same keys', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => loadSecrets(data, NONE)));
    expect(new Set(all.map(({ secrets }) => secrets.apiKey)).size).toBe(1);
    expect((await loadSecrets(data, NONE)).secrets).toEqual(all[0]?.secrets);
  });
});

describe('later starts', () => {
  it('put a given key before the kept one, which comes back when it is given no longer', async () => {
    const first = await loadSecrets(data, NONE);
    const given = await loadSecrets(data, { ...NONE, apiKey: KEY });
    expect(given.secrets).toEqual({ ...first.secrets, apiKey: KEY });
    expect((await loadSecrets(data, NONE)).secrets).toEqual(first.secrets);
    expect(readFileSync(file(), 'utf8')).not.toContain(KEY);
  });

  it('make only the one that is missing', async () => {
    const first = await loadSecrets(data, { ...NONE, apiKey: KEY });
    expect(first.made).toEqual(['ADMIN_API_KEY', 'JWT_SECRET_KEY']);
    await markShown(data);
    const second = await loadSecrets(data, NONE);
    expect(second.made).toEqual(['API_KEY']);
    expect(second.secrets).toEqual({ ...first.secrets, apiKey: second.secrets.apiKey });
  });

  it.skipIf(!posix)('close files and folders that others could read, and say so', async () => {
    await loadSecrets(data, NONE);
    chmodSync(file(), 0o644);
    chmodSync(data, 0o755);
    const { warnings } = await loadSecrets(data, NONE);
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toContain('mode 644');
    expect([mode(file()), mode(data)]).toEqual([0o600, 0o700]);
    expect((await loadSecrets(data, NONE)).warnings).toEqual([]);
  });
});

describe('refused', () => {
  it.each<[string, Partial<GivenSecrets>, string]>([
    [
      'a short key',
      { apiKey: 'k'.padEnd(23, 'ab1') },
      'API_KEY is too short; it needs at least 24 characters.',
    ],
    [
      'a short admin key',
      { adminApiKey: 'abc123' },
      'ADMIN_API_KEY is too short; it needs at least 24 characters.',
    ],
    [
      'a short secret',
      { jwtSecretKey: 's'.padEnd(31, 'ab1') },
      'JWT_SECRET_KEY is too short; it needs at least 32 characters.',
    ],
    ['one key for both', { apiKey: KEY, adminApiKey: KEY }, 'API_KEY and ADMIN_API_KEY are the same'],
  ])('%s', async (_name, given, message) => {
    await expect(loadSecrets(data, { ...NONE, ...given })).rejects.toThrow(message);
    expect(existsSync(data)).toBe(false);
  });

  it.each([
    'change-me-change-me-change-me',
    'CHANGEME_CHANGEME_CHANGEME_1',
    'please-change-this-in-production',
    'your-api-key-goes-here-please',
    'your-secure-api-key-replace-this',
    'YOUR_JWT_SECRET_KEY_0123456789abc',
    'replace-me-with-something-random',
    'demo-secure-api-key-0123456789',
    'example-api-key-0123456789abcd',
    'placeholder-placeholder-placeholder',
    'insert-your-random-value-1234567',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'schk_xxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    '12345678901234567890123456789012',
    '<an-api-key-of-twenty-four-and-more>',
  ])('the placeholder %s', async (text) => {
    for (const name of ['apiKey', 'adminApiKey', 'jwtSecretKey'] as const) {
      const attempt = loadSecrets(data, { ...NONE, [name]: text.padEnd(32, text) });
      await expect(attempt).rejects.toThrow(/^(ADMIN_API_KEY|API_KEY|JWT_SECRET_KEY) is a placeholder/);
      await expect(attempt).rejects.not.toThrow(text);
    }
  });

  it.each([
    KEY,
    'test-key-for-agents-0123456789ab',
    'schk_Zm9vYmFyYmF6cXV4cXV1eGNvcmdl',
    'k9$%&/()=?+*~#-_.:,;<>|@!',
  ])('not: %s', async (apiKey) => {
    expect((await loadSecrets(data, { ...NONE, apiKey })).secrets.apiKey).toBe(apiKey);
  });

  it('a given key that equals the kept one of the other kind', async () => {
    const { secrets } = await loadSecrets(data, NONE);
    await expect(loadSecrets(data, { ...NONE, apiKey: secrets.adminApiKey })).rejects.toThrow('are the same');
  });

  it.each(['', '{', '[]', '{"API_KEY":5}', '{"OTHER":"x"}', '{"NOT_SHOWN":["x"]}'])(
    'the secrets file %j, which is left as it is and never quoted',
    async (text) => {
      mkdirSync(data, { recursive: true, mode: 0o700 });
      writeFileSync(file(), text, { mode: 0o600 });
      await expect(loadSecrets(data, NONE)).rejects.toThrow(/^The secrets file .* is damaged/);
      expect(readFileSync(file(), 'utf8')).toBe(text);
    },
  );

  it('a kept key that is too short, naming the file', async () => {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    writeFileSync(file(), '{"API_KEY":"short"}', { mode: 0o600 });
    await expect(loadSecrets(data, NONE)).rejects.toThrow(`API_KEY in ${file()} is too short`);
  });

  it('a secrets file that cannot be read', async () => {
    mkdirSync(file(), { recursive: true, mode: 0o700 });
    chmodSync(data, 0o700);
    await expect(loadSecrets(data, NONE)).rejects.toThrow(
      /^The secrets file .* cannot be read: it is a folder\.$/,
    );
  });

  it('a data folder that is a file, or below one', async () => {
    writeFileSync(path.join(scratch, 'share'), '');
    await expect(loadSecrets(data, NONE)).rejects.toThrow(
      /^The data folder .* cannot be used: a part of its path is a file\.$/,
    );
    await expect(loadSecrets(path.join(scratch, 'share'), NONE)).rejects.toThrow(
      /^The data folder .* cannot be used: /,
    );
  });

  it.skipIf(!posix || process.getuid?.() === 0)('a data folder that cannot be written', async () => {
    mkdirSync(data, { recursive: true, mode: 0o500 });
    await expect(loadSecrets(data, NONE)).rejects.toThrow(
      /^The data folder .* cannot be used: permission denied\.$/,
    );
  });
});

describe('the signing secret', () => {
  const [next, old] = ['n'.repeat(31) + '1', 'o'.repeat(31) + '2'];

  it.each([
    [next, [next]],
    [`${next},${old}`, [next, old]],
    [` ${next} , ${old} `, [next, old]],
    [
      'one secret of thirty-two characters, with a comma',
      ['one secret of thirty-two characters, with a comma'],
    ],
    [`${next},`, [`${next},`]],
  ])('%s', (text, secrets) => {
    expect(jwtSecrets(text)).toEqual(secrets);
  });

  it('may not be a placeholder after the comma either', async () => {
    const jwtSecretKey = `${next},please-change-this-in-production-${old}`;
    await expect(loadSecrets(data, { ...NONE, jwtSecretKey })).rejects.toThrow('is a placeholder');
  });
});

describe('inspectSecrets', () => {
  it('makes nothing and says what would be made', async () => {
    expect(await inspectSecrets(data, { ...NONE, apiKey: KEY })).toEqual(['ADMIN_API_KEY', 'JWT_SECRET_KEY']);
    expect(existsSync(data)).toBe(false);
    await loadSecrets(data, NONE);
    expect(await inspectSecrets(data, NONE)).toEqual([]);
    await expect(inspectSecrets(data, { ...NONE, apiKey: 'short' })).rejects.toThrow('too short');
  });
});
