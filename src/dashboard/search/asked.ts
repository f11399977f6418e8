/** What is searched for: the words, and filters of the address, as one query that the export takes, too. */
import { invalid } from '../../errors.ts';

/** Parameters besides `q`, by the operator that each of them is in a query. */
export const OPERATORS = ['from', 'session', 'type', 'visibility', 'after', 'before'] as const;
export type Operator = (typeof OPERATORS)[number];

/** As the API takes it. */
export const MAX_QUERY = 500;

/** Empty: nothing is asked. @throws HubError INVALID_INPUT */
export function askedBy(query: URLSearchParams): string {
  const words = (query.get('q') ?? '').trim();
  const asked = queryOf(
    words,
    OPERATORS.map((name) => [name, query.get(name) ?? '']),
  );
  if (asked.length > MAX_QUERY)
    throw invalid('q', words, `at most ${MAX_QUERY} characters, with its filters`);
  return asked;
}

/** Words and operators as a query; those without a value are left out. */
export function queryOf(
  words: string,
  operators: readonly (readonly [name: string, value: string])[],
): string {
  const all = operators
    .filter(([, value]) => value.trim() !== '')
    .map(([name, value]) => `${name}:${quoted(value.trim())}`);
  return [words, ...all].filter((part) => part !== '').join(' ');
}

/** No value holds a quotation mark: nothing that can be asked for has one in it. */
function quoted(value: string): string {
  return /^[^\s"]+$/.test(value) ? value : `"${value.replaceAll('"', '')}"`;
}
