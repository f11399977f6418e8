import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { toolsReference } from '../../src/mcp/reference.ts';

it('docs/tools.md is what the tool table says', () => {
  const written = readFileSync(new URL('../../docs/tools.md', import.meta.url), 'utf8');
  expect(written, 'run npm run docs').toBe(toolsReference());
});
