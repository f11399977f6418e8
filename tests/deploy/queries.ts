/** What a query of PromQL asks for. */
import { parser } from '@prometheus-io/lezer-promql';

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly is: string }[];
}

export interface Query {
  readonly selectors: readonly Selector[];
  /** Labels that are grouped or matched by. */
  readonly grouping: readonly string[];
}

/** Grafana fills these in. */
const VARIABLES: Readonly<Record<string, string>> = { $__rate_interval: '5m', $job: 'shared-context-hub' };

/** @throws Error at what is no PromQL. */
export function parseQuery(text: string): Query {
  const query = Object.entries(VARIABLES).reduce((all, [name, value]) => all.replaceAll(name, value), text);
  const selectors: { metric: string; matchers: { label: string; is: string }[] }[] = [];
  const grouping: string[] = [];
  let inGrouping = false;
  parser.parse(query).iterate({
    enter({ type, from, to }) {
      const said = query.slice(from, to);
      if (type.isError)
        throw new Error(`no PromQL at ${JSON.stringify(query.slice(from, from + 20))}: ${query}`);
      if (type.name === 'VectorSelector') selectors.push({ metric: '', matchers: [] });
      if (type.name === 'GroupingLabels') inGrouping = true;
      const selector = selectors.at(-1);
      if (type.name === 'Identifier' && selector !== undefined) selector.metric = said;
      if (type.name === 'LabelName' && inGrouping) grouping.push(said);
      else if (type.name === 'LabelName') selector?.matchers.push({ label: said, is: '' });
      const matcher = selector?.matchers.at(-1);
      if (type.name === 'StringLiteral' && matcher !== undefined) matcher.is = said.slice(1, -1);
    },
    leave({ type }) {
      if (type.name === 'GroupingLabels') inGrouping = false;
    },
  });
  return { selectors, grouping };
}
