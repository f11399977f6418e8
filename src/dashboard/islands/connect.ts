/** On the page with the settings of a client: copies them, and tells when the client has come. */
import { element, fetchMarkup, say } from './dom.ts';

const ASK_EVERY_MS = 2_000;

const copy = element('copy');
copy.hidden = false;
copy.addEventListener('click', () => {
  void navigator.clipboard.writeText(element('snippet').textContent).then(() => {
    copy.textContent = 'Copied';
    say('Copied');
  });
});

const state = element('state');
const path = state.dataset['path'] ?? '';

/** A hub that does not answer is asked again. */
async function ask(): Promise<void> {
  const markup = await fetchMarkup(path).catch(() => undefined);
  if (markup?.querySelector('[data-status="online"]')) {
    state.replaceChildren(markup);
    say('The client is connected');
    return;
  }
  setTimeout(() => void ask(), ASK_EVERY_MS);
}

void ask();
