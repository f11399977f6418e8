/** The page of the search: results come while one types, and the address says what is asked. */
import { element, fetchMarkup, say } from './dom.ts';

const form = element('search') as HTMLFormElement;
const results = element('results');
/** Between two letters of one who types. */
const STILL_MS = 120;

let waiting: ReturnType<typeof setTimeout> | undefined;
let asking: AbortController | undefined;

async function show(): Promise<void> {
  asking?.abort();
  asking = new AbortController();
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form))
    if (typeof value === 'string' && value !== '') query.set(name, value);
  try {
    results.replaceChildren(await fetchMarkup(`/ui/search/results?${query.toString()}`, asking.signal));
    history.replaceState(null, '', `/ui/search?${query.toString()}`);
    say(`${results.querySelectorAll('[data-row]').length} results on this page`);
  } catch (error) {
    const isOvertaken = error instanceof DOMException && error.name === 'AbortError';
    if (!isOvertaken) results.textContent = 'That could not be searched for: press Enter to see why.';
  }
}

form.addEventListener('input', ({ target }) => {
  if (!(target instanceof HTMLInputElement) || !target.matches('[data-search]')) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => void show(), STILL_MS);
});
