/** A page that keeps itself up to date: told by the stream of events that something changed, it takes over what the hub shows now. */
import { element, parse } from './dom.ts';
import { followFeed } from './feed.ts';
import { morph } from './morph.ts';

/** What happens within this time is shown at once. */
const GATHER_MS = 300;
const LOGIN = '/ui/login';

const main = element('main');
const button = element('live');
const { position = '', kinds = '' } = main.dataset;
const [rest, every] = [Number(main.dataset['rest']) * 1000, Number(main.dataset['every']) * 1000];
const beginnings = kinds.split(' ').filter((beginning) => beginning !== '');

let wanted = true;
let isStale = false;
let at = position;
let stream: AbortController | undefined;
let coming: ReturnType<typeof setTimeout> | undefined;
let shownAt = performance.now();

function showState(state: 'live' | 'lost' | 'over' | 'off'): void {
  const words = { live: 'Live', lost: 'Reconnecting …', over: 'Logged out', off: 'Paused' };
  button.dataset['state'] = state;
  button.setAttribute('aria-pressed', String(wanted));
  element('live-state').textContent = words[state];
}

/** Soon, and where it is expensive not too often; a page that nobody looks at waits until somebody does. */
function changed(): void {
  isStale = true;
  if (!wanted || document.hidden) return;
  const soonest = Math.max(GATHER_MS, shownAt + rest - performance.now());
  coming ??= setTimeout(() => void refresh(), soonest);
}

async function refresh(): Promise<void> {
  isStale = false;
  try {
    const response = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (new URL(response.url).pathname.startsWith(LOGIN)) return stop('over');
    const next = response.ok ? parse(await response.text()).querySelector('#main') : null;
    if (next !== null && wanted) take(next);
  } catch {
    // Not there, as the stream: when that is back, it says so.
    isStale = true;
  } finally {
    coming = undefined;
    shownAt = performance.now();
    // Of what came meanwhile nobody knows whether it is among it.
    if (isStale && button.dataset['state'] === 'live') changed();
  }
}

function take(next: Element): void {
  const { activeElement: focused } = document;
  morph(main, next);
  if (focused instanceof HTMLElement && focused.isConnected && focused !== document.activeElement)
    focused.focus({ preventScroll: true });
  document.dispatchEvent(new Event('refreshed'));
}

async function run(): Promise<void> {
  stream = new AbortController();
  at = await followFeed({
    ...{ url: '/events?detail=kinds', position: at, signal: stream.signal },
    onState(state) {
      if (state === 'over') return stop(state);
      showState(state);
      if (isStale) changed();
    },
    onEvent(kind) {
      if (beginnings.some((beginning) => kind.startsWith(beginning))) changed();
    },
  });
}

function stop(state: 'over' | 'off'): void {
  wanted = false;
  stream?.abort();
  showState(state);
}

button.addEventListener('click', () => {
  if (wanted) return stop('off');
  wanted = true;
  showState('live');
  changed();
  void run();
});
document.addEventListener('visibilitychange', () => {
  if (isStale) changed();
});
if (every > 0) setInterval(changed, every);
button.hidden = false;
void run();
