/**
 * Fits sections into a budget of tokens, whole item by whole item. Each section first gets its share, so that none starves
 * another; what is left then goes to them in order of importance. What did not fit is said in a last line.
 */
import type { CountTokens } from '../../lib/tokens.ts';
import type { Composed, Item, Section } from './types.ts';

/** A section with how much of it is told so far. */
interface Filling {
  readonly section: Section;
  readonly headingTokens: number;
  taken: number;
  tokens: number;
}

export interface Frame {
  readonly header: string;
  /** In the order in which they are read. */
  readonly sections: readonly Section[];
  /** Indexes of `sections`, the most important first. */
  readonly importance: readonly number[];
  readonly maxTokens: number;
}

const OVER_BUDGET = 'More does not fit: raise max_tokens.\n';

export function compose({ header, sections, importance, maxTokens }: Frame, count: CountTokens): Composed {
  const all = sections.map((section): Filling => {
    return { section, headingTokens: count(headingOf(section)), taken: 0, tokens: 0 };
  });
  const order = importance.flatMap((index) => all[index] ?? []);
  const headerTokens = count(header);
  const used = () => all.reduce((sum, { tokens }) => sum + tokens, headerTokens);

  /** Takes items as long as the section stays within `most` and all of it within the budget. */
  function fill(filling: Filling, most: number): void {
    const { section, headingTokens } = filling;
    for (let item = section.items[filling.taken]; item !== undefined; item = section.items[filling.taken]) {
      const before = { taken: filling.taken, tokens: filling.tokens };
      const cost = count(item.text) + (before.taken === 0 ? headingTokens : 0);
      filling.taken++;
      filling.tokens += cost;
      if (filling.tokens <= most && used() + count(footerOf(all)) <= maxTokens) continue;
      Object.assign(filling, before);
      return;
    }
  }

  const room = Math.max(0, maxTokens - headerTokens);
  for (const filling of order) fill(filling, filling.section.share * room);
  for (const filling of order) fill(filling, room);

  let text = render(header, all);
  // Tokens of parts add up to those of the whole but for what merges at the seams: seldom one more, and then one item less.
  for (const filling of order.toReversed()) {
    while (filling.taken > 0 && count(text) > maxTokens) {
      filling.taken--;
      text = render(header, all);
    }
  }
  if (count(text) > maxTokens) text = `${header}${OVER_BUDGET}`;
  if (count(text) > maxTokens) text = OVER_BUDGET;
  const told = all.flatMap(({ section, taken }) => section.items.slice(0, taken));
  return {
    text,
    tokens: count(text),
    truncated: told.some(({ cut }) => cut) || all.some((one) => one.section.matters && leftOut(one) > 0),
    shown: told.flatMap(({ shows }: Item) => shows ?? []).sort((a, b) => a - b),
  };
}

const headingOf = ({ heading }: Section): string => `\n## ${heading}\n`;

const leftOut = ({ section, taken }: Filling): number => section.items.length - taken + section.beyond;

function footerOf(all: readonly Filling[]): string {
  const rests = all.flatMap((one) => {
    const left = leftOut(one);
    return left === 0 ? [] : one.section.rest(left);
  });
  return rests.length === 0 ? '' : `\nNot shown: ${rests.join(', ')}\n`;
}

function render(header: string, all: readonly Filling[]): string {
  const blocks = all
    .filter(({ taken }) => taken > 0)
    .map(({ section, taken }) => {
      const items = section.items.slice(0, taken);
      return `${headingOf(section)}${items.map(({ text }) => text).join('')}`;
    });
  return `${header}${blocks.join('')}${footerOf(all)}`;
}
