/** The timeline of a session: older rows as one scrolls up, new ones as they come, permalinks, copying. */
import { element, fetchMarkup, say } from './dom.ts';
import { followFeed } from './feed.ts';
import { MAX_ROWS, queryFor, rowWindow } from './rows.ts';

const frame = element('timeline');
const list = element('rows');
const { session = '', path = '', position = '' } = frame.dataset;
const rows = rowWindow(list, path);
const [tail, live, jump] = [element('tail'), element('live'), element('jump')];

/** Closer to the end than this is at the end. */
const NEAR_END_PX = 120;
/** What comes within this time is drawn at once. */
const GATHER_MS = 200;
/** Pages of new rows that are counted: what is further back is more than anybody reads, and so is the number. */
const MAX_COUNTED_PAGES = 5;

/** What the address filters by; the hub alone knows what passes it. */
const FILTERS = ['agent', 'type', 'visibility', 'since', 'until', 'code', 'thread'];
const isFiltered = FILTERS.some((name) => (new URLSearchParams(location.search).get(name) ?? '') !== '');

/** Rows that have come and are not shown. */
let waiting = 0;
/** Messages have come that may or may not be rows here. */
let isUncounted = false;
let countedUpTo = 0;
/** Pages counted in a row of which none was the last. */
let pagesCounted = 0;
let wanted = true;
let at = position;
let stream: AbortController | undefined;

const page = document.documentElement;
const isAtEnd = (): boolean => page.scrollHeight - page.scrollTop - innerHeight < NEAR_END_PX;
/** Whoever scrolls up while rows are on their way stays there. */
let isFollowing = true;

function toEnd(): void {
  isFollowing = true;
  scrollTo({ top: page.scrollHeight, behavior: 'instant' });
}

// --- permalinks ------------------------------------------------------------------------------------------------------

/** Shows the message that the address names: one far back is on another page. */
function goToNamed(): boolean {
  const id = /^#m-(\d+)$/.exec(location.hash)?.[1];
  if (id === undefined) return false;
  const row = document.getElementById(`m-${id}`);
  if (row !== null) {
    row.scrollIntoView({ block: 'center', behavior: 'instant' });
    return true;
  }
  const query = new URLSearchParams(location.search);
  // Asked for already: there is no such message, or the filter hides it.
  if (query.get('at') === id) return false;
  location.replace(`${path}?at=${id}#m-${id}`);
  return true;
}

// --- live ------------------------------------------------------------------------------------------------------------

function showState(state: 'live' | 'lost' | 'over' | 'off' | 'paused'): void {
  const words = {
    live: 'Live',
    lost: 'Reconnecting …',
    over: 'Logged out',
    off: 'Paused',
    paused: 'Paused: scrolled up',
  };
  live.dataset['state'] = state;
  live.setAttribute('aria-pressed', String(wanted));
  element('live-state').textContent = words[state];
}

/** Away from the tail, what is old would count as new. */
const canCount = (): boolean => isUncounted && rows.atTail() && pagesCounted < MAX_COUNTED_PAGES;
const isPastCounting = (): boolean => isUncounted && pagesCounted >= MAX_COUNTED_PAGES;

function showWaiting(): void {
  jump.hidden = waiting === 0 && rows.atTail() && !isPastCounting();
  const more = isUncounted && !canCount() ? '+' : '';
  jump.textContent = waiting === 0 ? 'To the newest ↓' : `${waiting.toLocaleString('en')}${more} new ↓`;
}

let gathering: ReturnType<typeof setTimeout> | undefined;

/** Draws what has come, once for all that comes within a moment; says later how many wait if nobody looks. */
function arrived(): void {
  showWaiting();
  gathering ??= setTimeout(() => void draw(), GATHER_MS);
}

/** From where the page ended: what is missing comes in several pieces where much has come. */
let catchingUp = false;

/** One page: what was counted stays so, whatever becomes of the next. */
async function count(): Promise<void> {
  isUncounted = false;
  try {
    const page = await rows.countAfter(Math.max(countedUpTo, Number(list.dataset['upTo'])));
    countedUpTo = page.upTo;
    waiting += page.count;
    pagesCounted = page.more ? pagesCounted + 1 : 0;
    isUncounted ||= page.more;
  } catch (error) {
    isUncounted = true;
    throw error;
  }
}

async function draw(): Promise<void> {
  let goesOn = false;
  try {
    if (canCount()) await count();
    while (!canCount() && (waiting > 0 || isPastCounting()) && isAtEnd() && (catchingUp || rows.atTail())) {
      const before = waiting;
      catchingUp = true;
      toEnd();
      if (waiting > MAX_ROWS || isPastCounting()) {
        await rows.newest();
        pagesCounted = 0;
        toEnd();
      }
      do {
        await rows.newer();
        if (isFollowing) toEnd();
      } while (isFollowing && !rows.atTail());
      catchingUp = false;
      waiting = Math.max(0, waiting - before);
      if (list.childElementCount > 0) document.getElementById('nothing')?.remove();
    }
    goesOn = canCount();
  } catch {
    // Cut, as the stream is: when that is back, it goes on here.
  }
  gathering = undefined;
  showPlace();
  showWaiting();
  if (goesOn) arrived();
}

/** Live or not, as far as that depends on where one looks. */
function showPlace(): void {
  const { state } = live.dataset;
  if (wanted && (state === 'live' || state === 'paused')) showState(isAtEnd() ? 'live' : 'paused');
}

async function run(): Promise<void> {
  stream = new AbortController();
  at = await followFeed({
    ...{ url: `/events?session_id=${encodeURIComponent(session)}`, position: at, signal: stream.signal },
    onState(state) {
      showState(state);
      if (state === 'live') arrived();
    },
    onEvent(kind, data) {
      const { id } = JSON.parse(data) as { id?: number };
      if (kind === 'message.added' && id !== undefined && id > Number(list.dataset['upTo'])) {
        if (isFiltered) isUncounted = true;
        else waiting++;
        arrived();
      }
      if (kind === 'message.updated' && id !== undefined) void rows.redraw(id);
    },
  });
}

function toggle(): void {
  wanted = !wanted;
  if (wanted) void run();
  else stream?.abort();
  showState(wanted ? 'live' : 'off');
}

function goToNewest(): void {
  // Far away it is another page.
  if (!rows.atTail()) {
    location.assign(path + queryFor('end', '1'));
    return;
  }
  toEnd();
  arrived();
}

// --- rows ------------------------------------------------------------------------------------------------------------

function loadAtEdges(): void {
  async function load(edge: Element): Promise<void> {
    const isOlder = edge.id === 'older';
    if (isOlder ? list.dataset['older'] === '' : rows.atTail()) return;
    const row = (): Element | null => (isOlder ? list.firstElementChild : list.lastElementChild);
    const before = row();
    await (isOlder ? rows.older() : rows.newer());
    showWaiting();
    if (row() === before) return;
    // Where few came it is still in sight, which is told only of what was not observed before.
    near.unobserve(edge);
    near.observe(edge);
  }
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) void load(target);
    },
    { rootMargin: '600px' },
  );
  near.observe(element('older'));
  near.observe(element('newer'));
}

async function copy(text: string, what: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  say(`${what} copied`);
}

/** The content of a message as it was written. */
async function contentOf(id: number): Promise<string> {
  const markup = await fetchMarkup(`${path}/rows?view=raw&after=${id - 1}&limit=1`);
  return markup.querySelector(`#m-${id} .raw`)?.textContent ?? '';
}

list.addEventListener('click', (event) => {
  const target = event.target instanceof Element ? event.target.closest<HTMLElement>('a, button') : null;
  const row = target?.closest<HTMLElement>('.msg');
  if (target === null || row === null || row === undefined) return;
  const id = Number(row.dataset['id']);
  if (target.matches('[data-raw]')) {
    event.preventDefault();
    void rows.redraw(id, row.querySelector('.raw') === null);
  } else if (target.matches('[data-copy-text]')) void contentOf(id).then((text) => copy(text, 'Message'));
  else if (target.matches('[data-copy-link]')) {
    event.preventDefault();
    history.replaceState(null, '', `#m-${id}`);
    void copy(`${location.origin}${path}#m-${id}`, 'Link');
  }
});
live.addEventListener('click', toggle);
jump.addEventListener('click', goToNewest);
addEventListener('hashchange', goToNamed);
addEventListener(
  'scroll',
  () => {
    isFollowing = isAtEnd();
    if ((waiting > 0 || isPastCounting()) && isAtEnd()) arrived();
    showPlace();
  },
  { passive: true },
);

history.scrollRestoration = 'manual';
tail.hidden = false;
showWaiting();
if (!goToNamed() && rows.atTail()) toEnd();
loadAtEdges();
void run();
