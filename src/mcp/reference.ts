/** The reference of all tools for people, as docs/tools.md holds it. */
import { prepareTool } from './call-tool.ts';
import { docsMarkdown } from './docs.ts';
import { TOOLS } from './tools/index.ts';

const GENERATED = '<!-- Made from the tool table by `npm run docs`; do not edit. -->\n\n';

export function toolsReference(): string {
  return GENERATED + docsMarkdown(TOOLS.map((tool) => prepareTool(tool).descriptor));
}
