/** The pages of operators: in a real browser among all real conversations, and from the hub among a million messages. */
import { benchBrowser } from './dashboard-browser.ts';
import { benchPages } from './dashboard-pages.ts';
import type { Report } from './report.ts';
import { makeCorpus } from './search-corpus.ts';

const CONVERSATIONS = 72_000;
const MILLION = 1_000_000;
/** One message in so many is said in one session. */
const LONG_EVERY = 10;

export async function benchDashboard(report: Report): Promise<void> {
  {
    using corpus = await makeCorpus(CONVERSATIONS);
    await benchBrowser(report, corpus);
  }
  using corpus = await makeCorpus(MILLION, inOneSession);
  await benchPages(report, corpus);
}

function inOneSession(text: string, index: number): string {
  if (index % LONG_EVERY !== 0) return text;
  return JSON.stringify({ ...(JSON.parse(text) as object), session: 'long', parent: null });
}
