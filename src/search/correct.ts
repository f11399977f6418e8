/** The query as it was probably meant. */
import type { Group } from './expand.ts';
import type { Match } from './score.ts';

/**
 * Replaces each word that none of the hits holds as it was written by the one that stands for it in the best hit. Undefined:
 * there is none. Only words of hits are named, so that nothing is told of messages that the caller does not see.
 */
export function correct(
  query: string,
  groups: readonly Group[],
  hits: readonly { readonly match: Match }[],
): string | undefined {
  let corrected = query;
  let changed = false;
  for (const { start, end, word } of groups
    .map((group, i) => ({ ...group.query, word: meantBy(group, i, hits) }))
    .sort((a, b) => b.start - a.start)) {
    if (word === undefined) continue;
    corrected = `${corrected.slice(0, start)}${word}${corrected.slice(end)}`;
    changed = true;
  }
  return changed ? corrected : undefined;
}

function meantBy(
  { query, variants }: Group,
  index: number,
  hits: readonly { readonly match: Match }[],
): string | undefined {
  const found = hits.map(({ match }) => match.words[index]);
  const [best] = found;
  if (best === undefined || best.startsWith(query.word) || found.includes(query.word)) return undefined;
  return variants.some(({ word }) => word === best) ? best : undefined;
}
