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
  readonly taken: Item[];
  /** The first that did not fit, which is asked for again. */
  next: Item | undefined;
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
    return { section, headingTokens: count(headingOf(section)), taken: [], next: undefined, tokens: 0 };
  });
  const order = importance.flatMap((index) => all[index] ?? []);
  const headerTokens = count(header);
  const used = () => all.reduce((sum, { tokens }) => sum + tokens, headerTokens);
  // Nothing is left out beyond what is before the first item is taken.
  const longestFooter = count(footerOf(all));
  const fits = () => used() + longestFooter <= maxTokens || used() + count(footerOf(all)) <= maxTokens;

  /** Takes items as long as the section stays within `most` and all of it within the budget. */
  function fill(filling: Filling, most: number): void {
    const { section, headingTokens, taken } = filling;
    while (taken.length < section.size) {
      const item = filling.next ?? section.item(taken.length);
      const cost = count(item.text) + (taken.length === 0 ? headingTokens : 0);
      taken.push(item);
      filling.tokens += cost;
      filling.next = undefined;
      if (filling.tokens <= most && fits()) continue;
      taken.pop();
      filling.tokens -= cost;
      filling.next = item;
      return;
    }
  }

  const room = Math.max(0, maxTokens - headerTokens);
  for (const filling of order) fill(filling, filling.section.share * room);
  for (const filling of order) fill(filling, room);

  const { text, tokens } = render();
  const told = all.flatMap(({ taken }) => taken);
  return {
    ...{ text, tokens },
    truncated: told.some(({ cut }) => cut) || all.some((one) => one.section.matters && leftOut(one) > 0),
    shown: told.flatMap(({ shows }) => shows ?? []).sort((a, b) => a - b),
  };

  /**
   * Tokens of parts add up to those of the whole but for what merges at the seams: seldom there is one more, and then one
   * item less.
   */
  function render(): { readonly text: string; readonly tokens: number } {
    for (;;) {
      const whole = `${header}${all.map(blockOf).join('')}${footerOf(all)}`;
      const tokensOfAll = count(whole);
      if (tokensOfAll <= maxTokens) return { text: whole, tokens: tokensOfAll };
      const last = order.findLast(({ taken }) => taken.length > 0);
      if (last === undefined) break;
      last.taken.pop();
    }
    const least = [`${header}${OVER_BUDGET}`, OVER_BUDGET];
    const found = least.find((one) => count(one) <= maxTokens) ?? '';
    return { text: found, tokens: count(found) };
  }
}

const headingOf = ({ heading }: Section): string => `\n## ${heading}\n`;

const leftOut = ({ section, taken }: Filling): number => section.size - taken.length + section.beyond;

function footerOf(all: readonly Filling[]): string {
  const rests = all.flatMap((one) => {
    const left = leftOut(one);
    return left === 0 ? [] : one.section.rest(left);
  });
  return rests.length === 0 ? '' : `\nNot shown: ${rests.join(', ')}\n`;
}

function blockOf({ section, taken }: Filling): string {
  return taken.length === 0 ? '' : `${headingOf(section)}${taken.map(({ text }) => text).join('')}`;
}
