/** The guides: links lead somewhere, promises name tests that exist, every error is explained, and what is to be typed works. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { TOOLS } from '../../src/mcp/tools/index.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const GUIDES = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT });
const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');
const withoutCode = (text: string): string => text.replace(/^```.*?^```/gms, '');

/** As GitHub makes them of headings. */
function anchorsOf(name: string): ReadonlySet<string> {
  const headings = withoutCode(read(name)).matchAll(/^#{1,6} (.+)$/gm);
  const slugs = [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
  return new Set(slugs);
}

const linksOf = (name: string): readonly string[] =>
  [...withoutCode(read(name)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);

describe.each(GUIDES)('%s', (name) => {
  it('links to files and headings that are there', () => {
    for (const link of linksOf(name).filter((one) => !/^[a-z]+:/.test(one))) {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? name : path.join(path.dirname(name), file);
      expect(existsSync(path.join(ROOT, target)), link).toBe(true);
      if (anchor !== undefined) expect([...anchorsOf(target)], link).toContain(anchor);
    }
  });
});

it('names a test for each promise, by words that the test has', () => {
  const promises = [...read('docs/guarantees.md').matchAll(/\[“([^”]+)”\]\(\.\.\/(tests\/[^)]+)\)/g)];
  expect(promises.length).toBeGreaterThan(20);
  for (const [, words = '', file = ''] of promises) expect(read(file), file).toContain(words);
});

it('explains every error, with its number and status', () => {
  const text = read('docs/troubleshooting.md');
  const sections = new Map(
    text
      .split(/^### `/m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('`')), section] as const),
  );
  expect([...sections.keys()]).toEqual(Object.keys(ERRORS));
  for (const [code, section] of sections) {
    const { number, http } = ERRORS[code as ErrorCode];
    expect(section).toContain(number);
    // What is told to the owner of a handle only has the status of the tool call.
    if (http !== 401 || code === 'AUTHENTICATION_FAILED') expect(section).toContain(String(http));
  }
});

it('speaks only of settings and tools that there are', () => {
  const settings = Object.keys(SETTINGS);
  const prefixes = [
    'MAX_',
    'RATE_LIMIT_',
    'BACKUP_',
    'TLS_',
    'HTTP_',
    'DATABASE_',
    'LOG_',
    'MCP_TRANSPORT',
    'MIN_',
  ];
  const tools = TOOLS.map(({ name }) => name);
  for (const name of ['getting-started', 'troubleshooting', 'guarantees', 'operations'].map(
    (one) => `docs/${one}.md`,
  )) {
    const words = [...read(name).matchAll(/`([A-Za-z_]+)(?:=[^`]*)?`/g)].map(([, word = '']) => word);
    const named = words.filter((word) => prefixes.some((prefix) => word.startsWith(prefix)));
    for (const word of named.filter((one) => !one.endsWith('_'))) expect(settings, name).toContain(word);
    const verbs =
      /^(add|get|set|list|delete|create|update|acquire|release|search|wait|catch|authenticate|refresh)_/;
    for (const word of words.filter((one) => verbs.test(one) && one === one.toLowerCase()))
      expect([...tools, ...NOT_TOOLS], name).toContain(word);
  }
});
/** Fields and answers that are named like tools. */
const NOT_TOOLS = ['search_time_ms'];
