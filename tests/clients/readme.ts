/** The commands that README.md tells its readers to type. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const README = join(import.meta.dirname, '..', '..', 'README.md');
/** Where the hub runs for a reader who has changed nothing. */
const ADDRESS = 'http://127.0.0.1:23456';

export interface Replace {
  readonly base: string;
  readonly key: string;
}

/**
 * The one command in README.md's blocks of shell that begins with `start`, as its words, with the address and `$KEY` replaced.
 * @throws Error if there is none or more than one.
 */
export function readmeCommand(start: string, { base, key }: Replace): string[] {
  const found = shellLines(readFileSync(README, 'utf8')).filter((line) => `${line} `.startsWith(`${start} `));
  const [line] = found;
  if (line === undefined || found.length > 1)
    throw new Error(`README.md has ${String(found.length)} commands that begin with ${start}`);
  return wordsOf(line).map((word) => word.replaceAll(ADDRESS, base).replaceAll('$KEY', key));
}

function shellLines(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```(?:sh|bash)\n(.*?)^```/gms)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split('\n')).map((line) => line.trim());
}

/** As a shell would split it; of its quotes README.md needs only these. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/["']/g, ''));
}
