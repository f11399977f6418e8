import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { StartError } from '../errors.ts';
import type { ConfigSources } from './config.ts';
import { configWithOrigins, createConfig, inspectConfig } from './config.ts';
import { configSources } from './env.ts';
import { packageInfo } from './package.ts';
import { SETTING_KEYS, SETTINGS } from './settings.ts';
import { UsageError } from './usage-error.ts';

const PATH = '/data/hub.config.yaml';

function sources(text: string, more: Partial<ConfigSources> = {}): ConfigSources {
  const yaml = { path: PATH, text };
  return {
    ...{ flags: {}, env: {}, dotenv: null, yaml, dataDir: '/data', cwd: '/project', terminal: false },
    ...more,
  };
}

/** What is wrong, without the path. */
const problemsOf = (text: string, env: Readonly<Record<string, string>> = {}): readonly string[] =>
  inspectConfig(sources(text, { env })).problems.map(({ message }) => message.replaceAll(PATH, 'FILE'));

describe('hub.config.yaml', () => {
  it('sets what its sections say, under either name', () => {
    const config = createConfig(
      sources(`\uFEFF# mine
http:
  port: 8080
  CORS_ORIGINS: [https://a.example, "https://b.example"]
  allowed_hosts:   # one on each line
    - a.example
    - b.example
  public_url: https://hub.example.com
store: { path: x/my.db, backup_keep: 3 }
log: { level: WARNING, requests: false }
mcp:
limits:
  rate_limit_enabled: "no"
  max_message_length: ~
`),
    );
    expect(config.http).toMatchObject({
      port: 8080,
      corsOrigins: ['https://a.example', 'https://b.example'],
      allowedHosts: ['a.example', 'b.example'],
      publicUrl: 'https://hub.example.com',
      logRequests: false,
    });
    expect(config.store.path).toBe('/project/x/my.db');
    expect([config.backups.keep, config.log.level, config.rates.enabled]).toEqual([3, 'warn', false]);
    expect(config.limits.maxMessageLength).toBe(100_000);
  });

  it('has a name for every setting', () => {
    const names = SETTING_KEYS.map((key) => `${SETTINGS[key].section}.${SETTINGS[key].name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ['the command line', { flags: { HTTP_PORT: '1' }, env: { HTTP_PORT: '2' } }, 1],
    ['the environment', { env: { HTTP_PORT: '2' }, dotenv: { path: '/.env', text: 'HTTP_PORT=3' } }, 2],
    ['.env', { dotenv: { path: '/.env', text: 'HTTP_PORT=3' } }, 3],
    ['nothing', {}, 4],
  ])('comes after %s', (_name, more, port) => {
    expect(createConfig(sources('http: { port: 4 }', more)).http.port).toBe(port);
  });

  it('takes variables of the environment, in lists too, and nothing of what they hold for YAML', () => {
    const env = { PORT: '8081', ORIGIN: 'https://a.example', KEY: 'a: [key] # of "24" characters' };
    const text = `http:\n  port: \${PORT}\n  cors_origins: ["\${ORIGIN}:8443", "\${ORIGIN}"]\n`;
    expect(createConfig(sources(text, { env })).http).toMatchObject({
      port: 8081,
      corsOrigins: ['https://a.example:8443', 'https://a.example'],
    });
    const { given } = configWithOrigins(sources(`keys: { jwt_secret_key: "x-\${KEY}" }`, { env }));
    expect(given.jwtSecretKey).toBe(`x-${env.KEY}`);
  });

  it('says where a value comes from, and shows no secret', () => {
    const secret = 'schk_of-the-file-0123456789abcdef';
    const { settings } = configWithOrigins(sources(`http: {port: 5}\nkeys: {api_key: ${secret}}`));
    expect(settings.find(({ key }) => key === 'HTTP_PORT')).toMatchObject({
      ...{ value: 5, source: 'hub.config.yaml', path: PATH },
    });
    expect(JSON.stringify(settings)).not.toContain(secret);
  });

  it.each<[string, readonly string[]]>([
    ['http: { port: abc }', ['HTTP_PORT is "abc" (in FILE, line 1); expected']],
    ['\nhttp:\n  port: 0x50', ['HTTP_PORT is "0x50" (in FILE, line 3); expected']],
    ['htp: { port: 1 }', ['"htp" in line 1 of FILE is not a setting of the hub; did you mean http?']],
    [
      'http:\n  prt: 1\nlog:\n  port: 2',
      [
        '"prt" in line 2 of FILE (http) is not a setting of the hub; did you mean port?',
        '"port" in line 4 of FILE (log) is not a setting of the hub',
      ],
    ],
    ['http:\n  port: 1\n  HTTP_PORT: 2', ['Line 3 of FILE sets HTTP_PORT again, after line 2.']],
    ['http:\n  port: 1\n  port: 2', ['Line 3 of FILE is not YAML (duplicate key).']],
    ['http:\n  port: { a: 1 }', ['Line 2 of FILE: expected a text, a number, true, false, or a list']],
    ['- http', ['Line 1 of FILE: expected sections (keys, http, store']],
    ['http: 8080', ['Line 1 of FILE: expected settings of http.']],
    [`http:\n  host: "\${NOBODY}"`, [`Line 2 of FILE: host names \${NOBODY}, which the environment`]],
    [`http:\n  host: \${NOBODY:-x}`, [`Line 2 of FILE: host names \${NOBODY:-x}, which the environment`]],
    ['http:\n  port: "1', ['Line 2 of FILE is not YAML']],
    ['a: 1\n---\nb: 2', ['Line 2 of FILE is not YAML (multiple docs).']],
  ])('refuses %j', (text, sentences) => {
    const problems = problemsOf(text);
    expect(problems).toEqual(sentences.map((said) => expect.stringContaining(said) as string));
    expect(() => createConfig(sources(text))).toThrow(StartError);
  });

  it('keeps what it says to plugins for them, as YAML has it, with variables', () => {
    const yaml = `plugins:\n  load: [./a.mjs, b]\n  hook:\n    url: \${PLACE}/x\n    n: 3\n    deep: { list: [true, "\${PLACE}"] }\n  bare:\n`;
    const { plugins, config } = configWithOrigins({ ...sources(yaml), env: { PLACE: 'https://a' } });
    expect(config.plugins.load).toEqual(['./a.mjs', 'b']);
    expect([...plugins].map(([name, { values }]) => [name, values])).toEqual([
      ['hook', { url: 'https://a/x', n: 3, deep: { list: [true, 'https://a'] } }],
      ['bare', {}],
    ]);
    expect(plugins.get('hook')?.from).toMatch(/^in .*, line 3$/);
    expect(JSON.stringify(config)).not.toContain('https://a');
  });

  it.each([
    [
      'plugins:\n  lod: ./a.mjs',
      '"lod" in line 2 of FILE (plugins) is not a setting of the hub; did you mean load?',
    ],
    [`plugins:\n  hook: { url: "\${NOBODY}" }`, `Line 2 of FILE: url names \${NOBODY}`],
    ['plugins:\n  load: "a b"', 'PLUGINS is "a b" (in FILE, line 2); expected names of packages'],
  ])('refuses %j', (text, said) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(said) as string]);
  });

  it('shows no value of what it cannot read', () => {
    const secret = 'schk_of-the-file-0123456789abcdef';
    const texts = [`keys:\n  api_key: "${secret}`, `keys: [${secret}`, `keys:\n api_key: ${secret}\n\t- x`];
    for (const text of [...texts, `keys: ${secret}`, `keys: { api_key: [${secret}, {}] }`])
      expect(problemsOf(text).join()).toMatch(/^(?!.*schk_).+$/);
  });
});

describe('which hub.config.yaml counts', () => {
  it('the one that is named, else the one beside .env, and never that of the working folder', () => {
    const scratch = mkdtempSync(path.join(tmpdir(), 'hub-yaml-'));
    const file = (folder: string, port: number): string => {
      mkdirSync(path.join(scratch, folder), { recursive: true });
      const name = path.join(scratch, folder, 'hub.config.yaml');
      writeFileSync(name, `http: { port: ${port} }`);
      return name;
    };
    const around = {
      env: { XDG_DATA_HOME: scratch },
      platform: 'linux' as const,
      ...{ home: scratch, cwd: path.join(scratch, 'project'), terminal: false, package: packageInfo() },
    };
    const portOf = (configFile?: string): number =>
      createConfig(configSources({ ...around, configFile })).http.port;
    file('project', 1);
    expect(portOf()).toBe(23_456);
    file('shared-context-hub', 2);
    const named = file('elsewhere', 3);
    expect([
      portOf(),
      portOf(named),
      portOf('hub.config.yaml'),
      portOf('../elsewhere/hub.config.yaml'),
    ]).toEqual([2, 3, 1, 3]);
    expect(() => portOf('missing.yaml')).toThrow(UsageError);
    expect(() => portOf('.')).toThrow(/cannot be read: it is a folder/);
    rmSync(scratch, { recursive: true });
  });
});
