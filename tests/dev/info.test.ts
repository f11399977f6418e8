import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCase, useDataFolder } from './case.ts';
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

describe.concurrent('npm run dev -- --info', () => {
  it('shows each setting with where it comes from, and no secret', async () => {
    const here = makeCase(checkout, 'used');
    writeFileSync(here.file('.env'), `LOG_LEVEL=debug\nJWT_SECRET_KEY=${GOOD}-secret`);
    const env = { HUB_API_KEY: GOOD, MAX_MESSAGE_LENGTH: '5', API_KEY: `${GOOD}-agent` };
    const { code, out, err } = await here.run(['--info', '--port', '8080'], env);
    const row = (key: string): readonly string[] =>
      new RegExp(`^${key} .*$`, 'm').exec(out)?.[0].split(/ {2,}/) ?? [];
    expect(row('HTTP_PORT')).toEqual(['HTTP_PORT', '8080', 'command line']);
    expect(row('MAX_MESSAGE_LENGTH')).toEqual(['MAX_MESSAGE_LENGTH', '5', 'environment']);
    expect(row('LOG_LEVEL')).toEqual(['LOG_LEVEL', 'debug', here.file('.env')]);
    expect(row('MAX_METADATA_BYTES')).toEqual(['MAX_METADATA_BYTES', '10000', 'default']);
    expect(row('API_KEY')).toEqual(['API_KEY', '********', 'environment']);
    expect(row('ADMIN_API_KEY')).toEqual(['ADMIN_API_KEY', '********', here.file('secrets.json')]);
    expect(row('JWT_SECRET_KEY')).toEqual(['JWT_SECRET_KEY', '********', here.file('.env')]);
    expect(row('HUB_API_KEY')).toEqual(['HUB_API_KEY', '********', 'environment']);
    expect(row('DATABASE_PATH')).toEqual(['DATABASE_PATH', here.file('hub.db'), 'default']);
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toMatch(/schk_|good-and-long/);
  });

  it('shows what hub.config.yaml says', async () => {
    const here = makeCase(checkout);
    writeFileSync(here.file('hub.config.yaml'), 'limits: { max_message_length: 7 }');
    const { code, out } = await here.run(['--info']);
    expect(out).toMatch(new RegExp(`^MAX_MESSAGE_LENGTH +7 +${here.file('hub.config.yaml')}$`, 'm'));
    expect(code).toBe(0);
  });

  it('shows what a first start would do, and does none of it', async () => {
    const here = makeCase(checkout);
    const { code, out } = await here.run(['--info']);
    expect(out).toMatch(/^API_KEY +\(made at the first start\) +default$/m);
    expect(out).toMatch(/^hub +does not run$/m);
    expect(code).toBe(0);
    expect(existsSync(here.folder)).toBe(false);
  });

  it('names a setting that is wrong', async () => {
    const { code, out, err } = await makeCase(checkout).run(['--info'], { HTTP_PORT: 'x' });
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^dev: HTTP_PORT is "x" \(in the environment\); .*\n$/);
  });
});
