import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConfig } from './config.ts';
import type { Surroundings } from './env.ts';
import { configSources, startedByNpmInClone, surroundings } from './env.ts';
import { packageInfo } from './package.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'hub-env-'));
});
afterEach(() => {
  rmSync(scratch, { recursive: true });
});

function folder(...parts: string[]): string {
  const made = path.join(scratch, ...parts);
  mkdirSync(made, { recursive: true });
  return made;
}

function around(given: Partial<Surroundings> & { root?: string }): Surroundings {
  const { root = folder('clone'), env, ...rest } = given;
  writeFileSync(path.join(root, 'package.json'), '{}');
  return {
    env: { XDG_DATA_HOME: folder('share'), ...env },
    platform: 'linux',
    home: folder('home'),
    cwd: folder('project'),
    terminal: false,
    package: { name: 'shared-context-hub', version: '1.2.3', root },
    ...rest,
  };
}

describe('which .env counts', () => {
  function portOf(place: Surroundings): number {
    writeFileSync(path.join(place.package.root, '.env'), 'HTTP_PORT=1');
    writeFileSync(path.join(folder('share', 'shared-context-hub'), '.env'), 'HTTP_PORT=2');
    writeFileSync(
      path.join(place.cwd, '.env'),
      place.cwd === place.package.root ? 'HTTP_PORT=1' : 'HTTP_PORT=3',
    );
    return createConfig(configSources(place)).http.port;
  }

  it('beside package.json when npm runs a script of the clone', () => {
    expect(portOf(around({ env: { npm_package_json: path.join(folder('clone'), 'package.json') } }))).toBe(1);
  });

  it('in the data folder when the clone is run without npm, even inside of it', () => {
    expect(portOf(around({}))).toBe(2);
    expect(portOf(around({ cwd: folder('clone') }))).toBe(2);
  });

  it("in the data folder when npm runs somebody's project", () => {
    const env = {
      npm_package_json: path.join(folder('project'), 'package.json'),
      npm_lifecycle_event: 'start',
    };
    expect(portOf(around({ env }))).toBe(2);
  });

  it('none: the defaults hold', () => {
    expect(createConfig(configSources(around({}))).http.port).toBe(23_456);
  });

  it('stops at one that cannot be read', () => {
    folder('share', 'shared-context-hub', '.env');
    expect(() => configSources(around({}))).toThrow(
      /^The settings file .*\.env cannot be read: it is a folder\.$/,
    );
  });
});

describe('startedByNpmInClone', () => {
  it.each([
    [
      'another package manager names the package',
      { npm_lifecycle_event: 'start', npm_package_name: 'shared-context-hub' },
      true,
    ],
    ['another package', { npm_lifecycle_event: 'start', npm_package_name: 'project' }, false],
    ['a name without a script', { npm_package_name: 'shared-context-hub' }, false],
    ['nothing', {}, false],
  ])('%s', (_name, env, expected) => {
    expect(startedByNpmInClone(around({ env }))).toBe(expected);
  });

  it('never inside node_modules', () => {
    const root = folder('project', 'node_modules', 'shared-context-hub');
    const env = { npm_package_json: path.join(root, 'package.json'), npm_lifecycle_event: 'start' };
    expect(startedByNpmInClone(around({ root, env }))).toBe(false);
  });
});

it('knows the real package and process', () => {
  const real = surroundings();
  expect(real.package).toEqual(packageInfo());
  expect(real.package.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(real.cwd).toBe(process.cwd());
});
