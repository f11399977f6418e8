/** What axe finds wrong with a page. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

const script = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOWN = 3;

/** Violations in words; none is the only good answer. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  // Put in by the debugger, which the policy of the page does not bind.
  await page.evaluate(script);
  const { violations } = await page.evaluate<{ violations: readonly Violation[] }>('axe.run()');
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.slice(0, SHOWN).map((node) => `${node.html} ${node.failureSummary ?? ''}`);
    return `${id}: ${help}: ${where.join(' | ')}`;
  });
}
