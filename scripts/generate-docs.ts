/** Writes docs/tools.md from the tool table and .env.example from the table of settings; tests hold that both are current. */
import { writeFileSync } from 'node:fs';
import { renderEnvExample } from '../src/config/env-example.ts';
import { toolsReference } from '../src/mcp/reference.ts';

const write = (file: string, text: string): void =>
  writeFileSync(new URL(`../${file}`, import.meta.url), text);

write('docs/tools.md', toolsReference());
write('.env.example', renderEnvExample());
