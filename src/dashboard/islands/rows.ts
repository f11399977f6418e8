/** The rows of a timeline: at most so many at once, added at both ends without the page moving under the reader. */
import { element, fetchMarkup } from './dom.ts';

/** Rows in the page. */
export const MAX_ROWS = 500;

export interface RowWindow {
  /** Adds older rows above, if there are any. */
  older(): Promise<void>;
  /** Adds what comes after the last row, as much as comes at once. */
  newer(): Promise<void>;
  /** Shows the end of the session instead, where too much has come since the last row. */
  newest(): Promise<void>;
  /** Draws a row anew. */
  redraw(id: number, raw?: boolean): Promise<void>;
  /** How many rows one page after a message has, without showing them; `more` come after `upTo`. */
  countAfter(id: number): Promise<{ readonly count: number; readonly upTo: number; readonly more: boolean }>;
  /** Whether the page ends where the session does. */
  atTail(): boolean;
}

export function rowWindow(list: HTMLElement, path: string): RowWindow {
  const edges = { older: element('older'), newer: element('newer') };
  const busy: { older?: Promise<void> | undefined; newer?: Promise<void> | undefined } = {};
  const rowsAddress = (query: string): string => `${path}/rows${query}`;

  function show(edge: 'older' | 'newer', query: string): void {
    list.dataset[edge] = query;
    const link = document.createElement('a');
    link.href = query;
    link.textContent = edge === 'older' ? 'Older messages' : 'Newer messages';
    edges[edge].replaceChildren(...(query === '' ? [] : [link]));
  }

  /** Whatever happens to the rows, one that is in sight stays where it is. */
  function holding(change: () => void): void {
    const held = [...list.children].find((row) => row.getBoundingClientRect().bottom > 0);
    const before = held?.getBoundingClientRect().top ?? 0;
    change();
    if (held?.isConnected === true)
      scrollBy({ top: held.getBoundingClientRect().top - before, behavior: 'instant' });
  }

  function trim(from: 'start' | 'end'): void {
    const rows = [...list.children] as HTMLElement[];
    const excess = rows.length - MAX_ROWS;
    if (excess <= 0) return;
    const gone = from === 'start' ? rows.slice(0, excess) : rows.slice(-excess);
    for (const row of gone) row.remove();
    if (from === 'start') show('older', queryFor('before', idOf(list.firstElementChild)));
    else show('newer', queryFor('after', idOf(list.lastElementChild)));
  }

  async function listAt(query: string): Promise<HTMLElement> {
    const markup = await fetchMarkup(rowsAddress(query));
    const found = markup.querySelector<HTMLElement>('ol');
    if (found === null) throw new Error('no rows in the answer');
    return found;
  }

  async function load(query: string): Promise<{ rows: Element[]; from: HTMLElement }> {
    const from = await listAt(query);
    // Two answers may overlap where rows came in between.
    return { rows: [...from.children].filter(({ id }) => document.getElementById(id) === null), from };
  }

  /** At one edge one thing at a time; who asks again meanwhile waits for the same. */
  function once(edge: 'older' | 'newer', work: () => Promise<void>): Promise<void> {
    busy[edge] ??= work().finally(() => {
      busy[edge] = undefined;
    });
    return busy[edge];
  }

  return {
    atTail: () => list.dataset['newer'] === '',

    older: () =>
      once('older', async () => {
        const query = list.dataset['older'] ?? '';
        if (query === '') return;
        const { rows, from } = await load(query);
        holding(() => {
          list.prepend(...rows);
          show('older', from.dataset['older'] ?? '');
          trim('end');
        });
      }),

    newer: () =>
      once('newer', async () => {
        const known = list.dataset['newer'] ?? '';
        const query = known === '' ? queryFor('after', list.dataset['upTo'] ?? '0') : known;
        const { rows, from } = await load(query);
        const upTo = Math.max(Number(list.dataset['upTo']), Number(from.dataset['upTo']));
        list.dataset['upTo'] = String(upTo);
        holding(() => {
          list.append(...rows);
          show('newer', from.dataset['newer'] ?? '');
          trim('start');
        });
      }),

    newest: () =>
      once('newer', async () => {
        const { children, dataset } = await listAt(queryFor('end', '1'));
        list.dataset['upTo'] = dataset['upTo'] ?? '0';
        list.replaceChildren(...children);
        show('older', dataset['older'] ?? '');
        show('newer', dataset['newer'] ?? '');
      }),

    async countAfter(id) {
      const { rows, from } = await load(queryFor('after', String(id)));
      const upTo = Math.max(id, Number(from.dataset['upTo']));
      return { count: rows.length, upTo, more: from.dataset['newer'] !== '' };
    },

    async redraw(id, raw = false) {
      const old = document.getElementById(`m-${id}`);
      if (old === null) return;
      const query = `?after=${id - 1}&limit=1${raw ? '&view=raw' : ''}`;
      const markup = await fetchMarkup(rowsAddress(query));
      const row = markup.querySelector(`#m-${id}`);
      if (row !== null) holding(() => old.replaceWith(row));
      else old.remove();
    },
  };
}

/** The filters with another place; the `end` is that of the session, where a stretch of time begins at its beginning. */
export function queryFor(place: 'before' | 'after' | 'end', value: string): string {
  const query = new URLSearchParams(location.search);
  for (const name of ['at', 'before', 'after', 'past', 'end']) query.delete(name);
  query.set(place, value);
  return `?${query.toString()}`;
}

function idOf(row: Element | null): string {
  return row instanceof HTMLElement ? (row.dataset['id'] ?? '') : '';
}
