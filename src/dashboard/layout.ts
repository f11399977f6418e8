/** The frame of every page. */
import { html, none, type Html } from './page.ts';
import type { Live, Page, View } from './page.ts';

export interface DocumentParts {
  readonly title: string;
  readonly main: Html;
  readonly asset: (name: string) => string;
  readonly scripts?: readonly string[];
  readonly styles?: readonly string[];
}

/** A document with head and body, and nothing around `main`. */
export function document({ title, main, asset, scripts = [], styles = [] }: DocumentParts): Html {
  // Forms must say where they come from; the header says no-referrer, which browsers take to mean: nowhere.
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title} · Shared Context Hub</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="same-origin" />
        <meta name="color-scheme" content="light dark" />
        <script src="${asset('theme.js')}"></script>
        ${[...styles, 'style'].map((name) => html`<link rel="stylesheet" href="${asset(`${name}.css`)}" />`)}
        <link rel="icon" type="image/svg+xml" href="${asset('icon.svg')}" />
        ${scripts.map((name) => html`<script type="module" src="${asset(`${name}.js`)}"></script>`)}
      </head>
      ${main}
    </html>`;
}

/** What a page that is live listens to, from where on. */
export interface Feed extends Live {
  readonly position: string;
}

export interface FrameParts {
  readonly title: string;
  readonly main: Html;
  readonly view: View;
  /** The page that is shown, if it is one of `pages`. */
  readonly current?: Page;
  readonly feed?: Feed;
  readonly pages: readonly Page[];
}

/** A page with the navigation. */
export function frame({ title, main, view, current, feed, pages }: FrameParts): Html {
  const { ctx, asset } = view;
  const entries = pages.filter(({ nav }) => nav !== undefined);
  const place = current?.path.split('/')[1];
  return document({
    title,
    asset,
    scripts: ['frame', 'shortcuts', ...(feed === undefined ? [] : ['live']), ...(current?.scripts ?? [])],
    styles: current?.styles ?? [],
    main: html`<body>
      <a class="skip" href="#main">Skip to the content</a>
      <header class="bar">
        <a class="brand" href="/ui/sessions" aria-label="Shared Context Hub"
          ><img src="${asset('icon.svg')}" alt="" width="20" height="20" /><span>Shared Context Hub</span></a
        >
        <nav aria-label="Pages">
          <ul>
            ${entries.map(
              ({ path, nav }) =>
                html`<li>
                  <a href="/ui${path}" ${path.split('/')[1] === place ? html`aria-current="page"` : ''}
                    >${nav}</a
                  >
                </li>`,
            )}
          </ul>
        </nav>
        ${place === 'search' ? '' : searchBox}
        <div class="operator">
          ${feed === undefined ? none : liveButton}
          <button type="button" class="quiet" id="theme" hidden>Theme</button>
          <span class="who" title="You act as this agent">${ctx.principal.agentId}</span>
          ${view.csrf === '' ? '' : logout(view)}
        </div>
      </header>
      <main id="main" tabindex="-1" ${feed === undefined ? none : feedOf(feed)}>${main}</main>
      <div id="said" class="hidden" role="status" aria-live="polite"></div>
    </body>`,
  });
}

const liveButton = html`<button type="button" class="quiet" id="live" aria-pressed="true" hidden>
  <span class="dot" aria-hidden="true"></span><span id="live-state">Live</span>
</button>`;

function feedOf({ position, kinds, restSeconds = 0, everySeconds = 0 }: Feed): Html {
  return html`data-position="${position}" data-kinds="${kinds.join(' ')}" data-rest="${restSeconds}"
  data-every="${everySeconds}"`;
}

const searchBox = html`<form class="find" action="/ui/search" role="search" aria-label="Everything">
  <input
    type="search"
    name="q"
    aria-label="Search everything"
    placeholder="Search"
    maxlength="500"
    data-search
  />
</form>`;

function logout(view: View): Html {
  return html`<form method="post" action="/ui/logout">
    ${csrfField(view)}
    <button class="quiet">Log out</button>
  </form>`;
}

/** To be part of every form that posts. */
export function csrfField({ csrf }: Pick<View, 'csrf'>): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}" />`;
}
