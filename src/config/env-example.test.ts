import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createConfig } from './config.ts';
import { renderEnvExample } from './env-example.ts';
import { packageInfo } from './package.ts';
import { SETTING_KEYS } from './settings.ts';

const base = { flags: {}, env: {}, dataDir: '/data', cwd: '/', terminal: false };

describe('.env.example', () => {
  it('is what the table of settings says', () => {
    const written = readFileSync(path.join(packageInfo().root, '.env.example'), 'utf8');
    expect(written, 'run npm run docs').toBe(renderEnvExample());
  });

  it('changes nothing when it is copied as it is', () => {
    expect(parseEnv(renderEnvExample())).toEqual({});
    const copied = createConfig({ ...base, dotenv: { path: '/data/.env', text: renderEnvExample() } });
    expect(copied).toEqual(createConfig({ ...base, dotenv: null }));
  });

  it('names every setting with its true default', () => {
    const text = renderEnvExample().replace(/^# (?=[A-Z_]+=)/gm, '');
    expect(Object.keys(parseEnv(text))).toEqual(SETTING_KEYS.toSorted());
    const set = createConfig({ ...base, dotenv: { path: '/data/.env', text } });
    expect(set).toEqual(createConfig({ ...base, dotenv: null }));
  });
});
