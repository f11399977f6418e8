/** That README.md has the commands which the tests of clients run, ready to be typed. */
import { expect, it } from 'vitest';
import { readmeCommand } from './readme.ts';

const replace = { base: 'http://127.0.0.1:1', key: 'k-e-y' };

it.each([
  'claude mcp add',
  'codex mcp add',
  'gemini mcp add',
  'npx -y mcp-remote',
  'npx -y @modelcontextprotocol/inspector',
])('README.md has one command %s', (start) => {
  const words = readmeCommand(start, replace);
  expect(words).toContain('http://127.0.0.1:1/mcp');
  expect(words.join(' ')).not.toMatch(/23456|["']/);
  const inEnvironment = words.includes('HUB_KEY');
  expect(words.includes('Authorization: Bearer k-e-y')).toBe(!inEnvironment);
});

it('has no doubt about which command is meant', () => {
  expect(readmeCommand('claude mcp list', replace)).toEqual(['claude', 'mcp', 'list']);
  expect(() => readmeCommand('claude', replace)).toThrow('README.md has');
  expect(() => readmeCommand('nothing', replace)).toThrow('README.md has 0 commands');
});
