/** The gates of a change hold: what they are to refuse is given to them here. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');
const RULE = 'hub/one-way-imports';
const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** The linter of this checkout with the one rule, which needs no types and so no file that exists. */
const eslint = new ESLint({
  cwd: ROOT,
  ruleFilter: ({ ruleId }) => ruleId === RULE,
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
});

async function lint(file: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath: path.join(ROOT, file) });
  return result!.messages.map(({ ruleId, message }) => `${ruleId ?? 'eslint'}: ${message}`);
}

describe('imports go one way', () => {
  it.each([
    ['src/features/new/service.ts', `import { openReader } from '../../store/sqlite/connection.ts';`],
    ['src/features/new/service.ts', `import type { Sqlite } from '../../store/sqlite/connection.ts';`],
    ['src/features/new/service.ts', `export { openReader } from '../../store/sqlite/connection.ts';`],
    ['src/features/new/service.ts', `export * from '../../store/sqlite/connection.ts';`],
    ['src/features/new/service.ts', `await import('../../store/sqlite/connection.ts');`],
    ['src/features/new/service.ts', 'await import(`../../store/sqlite/connection.ts`);'],
    ['src/features/new/service.ts', `type S = import('../../store/sqlite/connection.ts').Sqlite;`],
    ['src/features/new/service.mts', `import { openReader } from '../../store/sqlite/connection.ts';`],
    ['src/features/new/service.ts', `import { TOOLS } from '../../mcp/tools/index.ts';`],
    ['src/lib/new.ts', `import { HubError } from '../errors.ts';`],
    ['src/config/new.ts', `import { createLogger } from '../telemetry/log.ts';`],
    ['src/store/port.ts', `import { openReader } from './sqlite/connection.ts';`],
    ['src/store/sqlite/new.ts', `import { createServices } from '../../features/services.ts';`],
    ['src/store/sqlite/new.ts', `import { createConfig } from '../../config/config.ts';`],
    ['src/auth/new.ts', `import { TOOLS } from '../mcp/tools/index.ts';`],
    ['src/mcp/tools/new.ts', `import { openReader } from '../../store/sqlite/connection.ts';`],
    ['src/http/api/new.ts', `import { openReader } from '../../store/sqlite/connection.ts';`],
    ['src/plugins/new.ts', `import type { Store } from '../store/port.ts';`],
    ['src/dashboard/new.tsx', `import { TOOLS } from '../mcp/tools/index.ts';`],
    ['src/hub.ts', `import { main } from './cli/main.ts';`],
  ])('%s: %s', async (file, text) => {
    expect(await lint(file, text)).toEqual([
      expect.stringMatching(/ may not import from .*imports go one way/),
    ]);
  });

  it.each([
    ['src/features/new/service.ts', `import Database from 'better-sqlite3';`],
    ['src/http/new.ts', `import { sql } from 'drizzle-orm';`],
    ['src/auth/new.ts', `import { DatabaseSync } from 'node:sqlite';`],
    ['src/features/new/service.ts', `import { Hono } from 'hono';`],
    ['src/store/sqlite/new.ts', `import { serve } from '@hono/node-server';`],
    ['src/http/new.ts', `import { FastMCP } from 'fastmcp';`],
    ['src/features/new/service.ts', `import type { Tool } from '@modelcontextprotocol/server';`],
  ])('%s: %s', async (file, text) => {
    expect(await lint(file, text)).toEqual([expect.stringMatching(/ may not use .*; only .* may\.$/)]);
  });

  it.each([
    ['src/http/new.ts', `import { startTestHub } from '../../tests/_util/test-hub.ts';`],
    ['src/http/new.ts', `import { it } from '../elsewhere/new.ts';`],
    ['src/elsewhere/new.ts', 'export const one = 1;'],
  ])('%s: %s', async (file, text) => {
    expect(await lint(file, text)).toEqual([expect.stringContaining('belongs to no room')]);
  });

  it.each([
    ['src/features/new/service.ts', `import type { Store } from '../../store/port.ts';`],
    ['src/features/new/service.ts', `import { audiencesOf } from '../messages/visibility.ts';`],
    ['src/features/new/service.ts', `import { z } from 'zod'; import { HubError } from '../../errors.ts';`],
    ['src/store/sqlite/new.ts', `import Database from 'better-sqlite3'; import '../../errors.ts';`],
    ['src/store/sqlite/new.ts', `import type { Row } from '../../features/new/types.ts';`],
    ['src/mcp/tools/new.ts', `import { services } from '../../features/services.ts'; import 'fastmcp';`],
    ['src/http/new.ts', `import { Hono } from 'hono'; import { route } from '../mcp/route.ts';`],
    ['src/hub.ts', `import { openSqliteStore } from './store/sqlite/store.ts';`],
    ['src/cli/new.ts', `await import('../hub.ts');`],
    ['src/features/new/service.test.ts', `import { openReader } from '../../store/sqlite/connection.ts';`],
  ])('%s: %s', async (file, text) => {
    expect(await lint(file, text)).toEqual([]);
  });
});

describe('a check is not switched off in a file', () => {
  const bad = `import { openReader } from '../../store/sqlite/connection.ts';`;

  it.each([
    `// eslint-disable-next-line ${RULE}\n${bad}`,
    `${bad} // eslint-disable-line`,
    `/* eslint-disable */\n${bad}`,
    `/* eslint ${RULE}: "off" */\n${bad}`,
  ])('%s', async (text) => {
    expect(await lint('src/features/new/service.ts', text)).toEqual(
      expect.arrayContaining([
        expect.stringContaining(`${RULE}: features may not import`),
        expect.stringContaining("has no effect because you have 'noInlineConfig'"),
      ]),
    );
  });

  it('such a comment alone fails the lint, as a warning', async () => {
    expect(await lint('src/features/new/service.ts', '/* eslint-disable */')).toEqual([
      expect.stringContaining('noInlineConfig'),
    ]);
    expect(scripts['lint']).toContain('--max-warnings 0');
  });
});

it('npm run test:security names files that exist', () => {
  const files = ['src', 'tests'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.test\.tsx?$/.test(file))
      .map((file) => `${folder}/${file.replaceAll(path.sep, '/')}`),
  );
  const [, ...named] = scripts['test:security']!.split(' -- ')[1]!.split(' ');
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !files.some((file) => file.includes(name)))).toEqual([]);
});
