/** Tokens that the hub did not sign, or signed for something else: all are refused in the same words. */
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, JWT_SECRET, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { initialize } from '../_util/scenario-raw.ts';
import {
  asBearer,
  encode,
  expectRefused,
  logIn,
  partsOf,
  postJson,
  refusalBody,
  sign,
  type Json,
} from '../_util/tokens.ts';

let hub: TestHub;
let other: TestHub;
let at = Date.UTC(2026, 0, 1);
/** A true one. */
let token: string;
let header: Json;
let claims: Json;
let parts: string[];

beforeAll(async () => {
  hub = await startTestHub({ now: () => at });
  other = await startTestHub({ now: () => at, jwtSecretKey: 'the-secret-of-another-hub-0123456789' });
  token = (await logIn(hub, 'alice')).access_token;
  ({ header, claims, parts } = partsOf(token));
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

const seconds = (): number => Math.floor(at / 1000);
const without = (from: Json, name: string): Json =>
  Object.fromEntries(Object.entries(from).filter(([key]) => key !== name));
/** Signed by the true secret: only what is said is wrong. */
const withHeader = (change: Json, secret = JWT_SECRET): string =>
  sign({ ...header, ...change }, claims, secret);
const withClaims = (change: Json): string => sign(header, { ...claims, ...change }, JWT_SECRET);
/** Not signed again: what a thief who wants more can do. */
const swapped = (change: Json): string => [parts[0], encode({ ...claims, ...change }), parts[2]].join('.');
const unsigned = (alg: unknown, signature = ''): string =>
  `${encode({ ...header, alg })}.${parts[1]!}.${signature}`;
const flip = (text: string, index: number): string =>
  text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1);

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const jwk = rsa.publicKey.export({ format: 'jwk' });
function signedRsa(change: Json): string {
  const content = `${encode({ ...header, alg: 'RS256', ...change })}.${parts[1]!}`;
  return `${content}.${createSign('RSA-SHA256').update(content).sign(rsa.privateKey, 'base64url')}`;
}

const NONE = ['none', 'None', 'NONE', 'nOnE', 'none ', '', null, false, []];
const GUESSED = [
  '',
  'secret',
  'changeme',
  'your-256-bit-secret',
  'shared-context-hub',
  JWT_SECRET.slice(0, -1),
];
const KEYS_ELSEWHERE: Json[] = [
  { jku: 'https://evil.example/jwks.json' },
  { jwk },
  { jwk: { kty: 'oct', k: encode('a'.repeat(32)) } },
  { x5u: 'https://evil.example/cert.pem' },
  { x5c: ['MIIB'] },
  { x5t: 'AAAA' },
  { crit: ['exp'], exp: 1 },
  { crit: [] },
  { b64: false, crit: ['b64'] },
  { zip: 'DEF' },
  { cty: 'JWT' },
  { enc: 'A256GCM' },
];

const FORGED: readonly (readonly [string, () => string])[] = [
  ...NONE.map((alg) => [`alg ${JSON.stringify(alg)}, no signature`, () => unsigned(alg)] as const),
  ['alg none with the true signature', () => unsigned('none', parts[2])],
  ['alg HS384', () => sign({ ...header, alg: 'HS384' }, claims, JWT_SECRET, 'sha384')],
  ['alg HS512', () => sign({ ...header, alg: 'HS512' }, claims, JWT_SECRET, 'sha512')],
  ['alg HS512 said, HS256 done', () => withHeader({ alg: 'HS512' })],
  ['alg hs256', () => withHeader({ alg: 'hs256' })],
  ['alg RS256 by a key of its own', () => signedRsa({})],
  ['alg RS256 with its key in the header', () => signedRsa({ jwk })],
  ['alg HS256 by a public key', () => sign(header, claims, publicPem)],
  ['alg RS256 said, HS256 done', () => withHeader({ alg: 'RS256' })],
  ['alg ES256 said, HS256 done', () => withHeader({ alg: 'ES256' })],
  ['no alg', () => sign(without(header, 'alg'), claims, JWT_SECRET)],
  ...KEYS_ELSEWHERE.map(
    (more) => [`header with ${JSON.stringify(more)}`.slice(0, 60), () => withHeader(more)] as const,
  ),
  ['typ JWT', () => withHeader({ typ: 'JWT' })],
  ['typ in other case', () => withHeader({ typ: 'AT+JWT' })],
  ['typ application/at+jwt', () => withHeader({ typ: 'application/at+jwt' })],
  ['no typ', () => sign(without(header, 'typ'), claims, JWT_SECRET)],
  ['kid unknown', () => withHeader({ kid: 'another' })],
  ['kid a path', () => withHeader({ kid: '../../dev/null' }, '')],
  ['kid of SQL', () => withHeader({ kid: "x' UNION SELECT 'a' --" }, 'a')],
  ['kid __proto__', () => withHeader({ kid: '__proto__' })],
  ['kid a number', () => withHeader({ kid: 1 })],
  ['no kid', () => sign(without(header, 'kid'), claims, JWT_SECRET)],
  ['header null', () => sign(null, claims, JWT_SECRET)],
  ['header an array', () => sign([], claims, JWT_SECRET)],
  ['header no JSON', () => sign('{', claims, JWT_SECRET)],
  ['alg twice', () => sign(`{"alg":"none",${JSON.stringify(header).slice(1)}`, claims, JWT_SECRET)],

  ['iss of another', () => withClaims({ iss: 'https://evil.example' })],
  ['iss with a slash', () => withClaims({ iss: `${String(claims['iss'])}/` })],
  ['no iss', () => sign(header, without(claims, 'iss'), JWT_SECRET)],
  ['aud of another', () => withClaims({ aud: 'https://evil.example/mcp' })],
  ['aud the hub, not its MCP', () => withClaims({ aud: claims['iss'] })],
  ['aud a list', () => withClaims({ aud: [claims['aud'], 'https://evil.example'] })],
  ['no aud', () => sign(header, without(claims, 'aud'), JWT_SECRET)],
  ['expired', () => withClaims({ iat: seconds() - 901, exp: seconds() - 1 })],
  ['expiring now', () => withClaims({ exp: seconds() })],
  ['exp as text', () => withClaims({ exp: String(seconds() + 900) })],
  ['exp null', () => withClaims({ exp: null })],
  [
    'exp beyond all numbers',
    () => sign(header, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999'), JWT_SECRET),
  ],
  ['no exp', () => sign(header, without(claims, 'exp'), JWT_SECRET)],
  ['nbf in the future', () => withClaims({ nbf: seconds() + 60 })],
  ['iat in the future', () => withClaims({ iat: seconds() + 600, exp: seconds() + 1500 })],
  ['no iat', () => sign(header, without(claims, 'iat'), JWT_SECRET)],
  ['no sub', () => sign(header, without(claims, 'sub'), JWT_SECRET)],
  ['sub empty', () => withClaims({ sub: '' })],
  ['sub a list', () => withClaims({ sub: ['alice', 'bob'] })],
  ['no jti', () => sign(header, without(claims, 'jti'), JWT_SECRET)],
  ['key unknown', () => withClaims({ key_id: 'key_of_nobody' })],
  ['workspace of others', () => withClaims({ workspace: 'other' })],
  ['workspace of all', () => withClaims({ workspace: '*' })],
  ['a permission that is none', () => withClaims({ permissions: ['read', 'root'] })],
  ['permissions as text', () => withClaims({ permissions: 'read write admin' })],
  ['a claim too many', () => withClaims({ admin: true })],
  ['sub twice', () => sign(header, `${JSON.stringify(claims).slice(0, -1)},"sub":"bob"}`, JWT_SECRET)],
  [
    'sub twice, once escaped',
    () => sign(header, `{"s\\u0075b":"bob",${JSON.stringify(claims).slice(1)}`, JWT_SECRET),
  ],
  ['claims an array', () => sign(header, [claims], JWT_SECRET)],
  ['claims null', () => sign(header, null, JWT_SECRET)],
  ['claims no JSON', () => sign(header, 'sub=alice', JWT_SECRET)],

  ['sub of another, not signed again', () => swapped({ sub: 'bob' })],
  ['permissions widened', () => swapped({ permissions: ['read', 'write', 'admin'] })],
  ['workspace changed', () => swapped({ workspace: 'other' })],
  ['life prolonged', () => swapped({ exp: seconds() + 86_400 })],
  ...GUESSED.map(
    (secret) => [`signed with "${secret}"`, () => sign(header, { ...claims, sub: 'bob' }, secret)] as const,
  ),
  ['signed with the decoded secret', () => sign(header, claims, Buffer.from(JWT_SECRET, 'base64'))],
  [
    'signed without the header',
    () =>
      `${parts[0]!}.${parts[1]!}.${createHmac('sha256', JWT_SECRET).update(parts[1]!).digest('base64url')}`,
  ],

  ['the first bit of the signature', () => `${parts[0]!}.${parts[1]!}.${flip(parts[2]!, 0)}`],
  ['the middle of the signature', () => `${parts[0]!}.${parts[1]!}.${flip(parts[2]!, 20)}`],
  [
    'unused bits of the signature',
    () => {
      const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      return token.slice(0, -1) + last[last.indexOf(token.at(-1)!) ^ 1]!;
    },
  ],
  ['a signature of half the length', () => `${parts[0]!}.${parts[1]!}.${parts[2]!.slice(0, 22)}`],
  ['a padded signature', () => `${token}=`],
  ['truncated by one', () => token.slice(0, -1)],
  ['truncated by half', () => token.slice(0, token.length / 2)],
  ['no signature', () => `${parts[0]!}.${parts[1]!}.`],
  ['two parts', () => `${parts[0]!}.${parts[1]!}`],
  ['four parts', () => `${token}.${parts[2]!}`],
  ['five parts', () => `${token}.a.b`],
  ['no claims', () => `${parts[0]!}..${parts[2]!}`],
  ['no header', () => `.${parts[1]!}.${parts[2]!}`],
  ['only dots', () => '..'],
  ['double dots', () => token.replace('.', '..')],
  ['parts swapped', () => [parts[1], parts[0], parts[2]].join('.')],
  ['in plain base64', () => `${parts[0]!}+/.${parts[1]!}.${parts[2]!}`],
  ['percent-encoded', () => encodeURIComponent(token.replace(/\./g, '%2e'))],
  ['another case', () => token.toUpperCase()],
  ['quoted', () => `"${token}"`],
  ['a comma behind it', () => `${token},`],
  ['twice', () => token + token],
  ['huge', () => `${parts[0]!}.${encode({ ...claims, filler: 'x'.repeat(50_000) })}.${parts[2]!}`],
  ['huge and truly signed', () => withClaims({ sub: 'x'.repeat(4000) })],
];

it(`are ${String(FORGED.length)}`, () => {
  expect(FORGED.length).toBeGreaterThan(60);
  expect(new Set(FORGED.map(([name]) => name)).size).toBe(FORGED.length);
  expect(new Set(FORGED.map(([, make]) => make())).size).toBe(FORGED.length);
});

it('a true one passes, signed anew as well, whatever the order and the spaces of its JSON', async () => {
  const reversed = Object.fromEntries(Object.entries(header).reverse());
  const spaced = JSON.stringify(claims, null, 1);
  for (const good of [token, sign(header, claims, JWT_SECRET), sign(reversed, spaced, JWT_SECRET)]) {
    expect((await asBearer(hub, good)).status).toBe(200);
  }
  expect((await initialize(hub, { authorization: `Bearer ${token}` })).status).toBe(200);
});

describe('forged', () => {
  it.each(FORGED)('%s', async (name, make) => {
    const forged = make();
    await expectRefused(hub, await asBearer(hub, forged), name);
    await expectRefused(hub, await initialize(hub, { authorization: `Bearer ${forged}` }), name);
  });

  it.each([
    ['with white space inside', () => token.replace('.', '. ')],
    ['with a tab', () => `${token}\tx`],
    ['beyond ASCII', () => token.replace('.', '\u00b7')],
  ])('%s', async (name, make) => {
    await expectRefused(hub, await asBearer(hub, make()), name);
  });

  it('or true, but where it does not belong', async () => {
    const headers: Record<string, string>[] = [
      { 'x-api-key': token },
      { authorization: token },
      { authorization: `Basic ${token}` },
      { authorization: `Bearer Bearer ${token}` },
      { cookie: `token=${token}` },
    ];
    for (const given of headers) {
      await expectRefused(
        hub,
        await hub.request('/api/v1/sessions', { headers: given }),
        JSON.stringify(given),
      );
    }
    await expectRefused(hub, await hub.request(`/api/v1/sessions?access_token=${token}`));
  });
});

describe('no longer good', () => {
  it('one of another hub, or one signed with the secret of another', async () => {
    const foreign = (await logIn(other, 'alice')).access_token;
    await expectRefused(hub, await asBearer(hub, foreign));
    expect((await asBearer(other, foreign)).status).toBe(200);
  });

  it('one of an address that the hub no longer has', async () => {
    await using moved = await startTestHub({
      now: () => at,
      env: { PUBLIC_URL: 'https://hub.example/base/' },
    });
    await expectRefused(moved, await asBearer(moved, token));
    const { access_token } = await logIn(moved, 'alice');
    expect(partsOf(access_token).claims).toMatchObject({
      iss: 'https://hub.example/base',
      aud: 'https://hub.example/base/mcp',
    });
    expect((await asBearer(moved, access_token)).status).toBe(200);
  });

  it('a revoked one, though it was good a moment ago', async () => {
    const { access_token } = await logIn(hub, 'revoked');
    expect((await asBearer(hub, access_token)).status).toBe(200);
    await postJson(hub, '/auth/revoke', { token: access_token }, access_token);
    await expectRefused(hub, await asBearer(hub, access_token));
  });

  it('one whose key was revoked', async () => {
    const key = await hub.makeKey('leaver');
    const { access_token } = await logIn(hub, 'leaver', {}, key);
    expect((await asBearer(hub, access_token)).status).toBe(200);
    const keyId = String(partsOf(access_token).claims['key_id']);
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    expect((await hub.request(`/api/v1/keys/${keyId}`, { method: 'DELETE', headers })).status).toBe(200);
    await expectRefused(hub, await asBearer(hub, access_token));
  });

  it('one that expired while it was remembered', async () => {
    const { access_token, expires_in } = await logIn(hub, 'late');
    at += expires_in * 1000 - 1;
    expect((await asBearer(hub, access_token)).status).toBe(200);
    at += 1;
    await expectRefused(hub, await asBearer(hub, access_token));
  });

  it('one whose secret was replaced, once the old secret is gone', async () => {
    const secrets = ['the-old-secret-0123456789-0123456789', 'the-new-secret-0123456789-0123456789'];
    const [old, next] = secrets as [string, string];
    const first = await startTestHub({ now: () => at, jwtSecretKey: old });
    const { folder } = first;
    const { access_token } = await logIn(first, 'alice');
    await first.hub.close();
    for (const [jwtSecretKey, good] of [
      [`${next},${old}`, true],
      [next, false],
    ] as const) {
      await using later = await startTestHub({ now: () => at, folder, jwtSecretKey });
      if (good) expect((await asBearer(later, access_token)).status).toBe(200);
      else await expectRefused(later, await asBearer(later, access_token));
      const { access_token: fresh } = await logIn(later, 'alice');
      expect(partsOf(fresh).header['kid']).not.toBe(partsOf(access_token).header['kid']);
    }
    await first[Symbol.asyncDispose]();
  });

  it('and none is told more than nobody', async () => {
    const body = await refusalBody(hub);
    for (const secret of [JWT_SECRET, token, 'jwt', 'expired', 'signature']) {
      expect(JSON.stringify(body).toLowerCase()).not.toContain(secret.toLowerCase());
    }
  });
});
