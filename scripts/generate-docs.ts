/** Writes docs/tools.md from the tool table; a test holds that it is current. */
import { writeFileSync } from 'node:fs';
import { toolsReference } from '../src/mcp/reference.ts';

writeFileSync(new URL('../docs/tools.md', import.meta.url), toolsReference());
