/** How an operator gets in and out: by a link that is good once, or by the admin key; see `features/logins`. */
import { Hono, type Context } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import { refused } from '../auth/authenticator.ts';
import { cookieOf } from '../auth/cookie.ts';
import { HubError } from '../errors.ts';
import { LOGIN_MAX_MS, type LoginVisit } from '../features/logins/service.ts';
import { actionOf } from '../http/audit-refusals.ts';
import { demandSameOrigin } from '../http/same-page.ts';
import { verifyOnce } from '../http/require-credential.ts';
import type { HubEnv } from '../http/types.ts';
import { document } from './layout.ts';
import { html, none, type Html } from './page.ts';
import type { DashboardDeps } from './routes.ts';

export interface LoginRoutesDeps extends DashboardDeps {
  readonly asset: (name: string) => string;
  /** Where who has logged in goes. */
  readonly home: string;
}

/** Longer texts are no keys and no codes. */
const MAX_SECRET = 4096;

/** Sends a browser to the login, which sends it back. */
export function toLogin(c: Context, { cookieName }: Pick<DashboardDeps, 'cookieName'>): Response {
  const { pathname, search } = new URL(c.req.url);
  // A cookie that is no good any more.
  if (cookieOf(c.req.raw.headers, cookieName) !== undefined) deleteCookie(c, cookieName, { path: '/' });
  return c.redirect(`/ui/login?next=${encodeURIComponent(pathname + search)}`);
}

export function loginRoutes(deps: LoginRoutesDeps): Hono<HubEnv> {
  const { services, addressOf, guesses, cookieName, https, asset, home } = deps;
  const { logins } = services;
  const routes = new Hono<HubEnv>();

  const visitOf = (c: Context<HubEnv>): LoginVisit => ({
    requestId: c.get('requestId'),
    action: actionOf(c),
  });

  const page = (c: Context, main: Html, status: 200 | 401 | 403 | 410 | 429 = 200) =>
    c.html(document({ title: 'Log in', asset, main: alone(asset, main) }), status);

  /** Logs in with what `open` makes of a secret, which counts as an attempt. */
  async function enter(
    c: Context<HubEnv>,
    secret: string,
    next: string,
    open: () => Promise<string | undefined>,
  ): Promise<Response> {
    const cookie = await guesses.attempt(addressOf(c), secret, async () => {
      const opened = secret === '' || secret.length > MAX_SECRET ? undefined : await open();
      if (opened === undefined) throw refused();
      return opened;
    });
    setCookie(c, cookieName, cookie, {
      ...{ httpOnly: true, sameSite: 'Strict', path: '/', secure: https, maxAge: LOGIN_MAX_MS / 1000 },
    });
    return c.redirect(next, 303);
  }

  routes.get('/login', (c) => page(c, keyForm(nextOf(c.req.query('next'), home))));

  routes.post('/login', async (c) => {
    demandSameOrigin(c);
    const form = await c.req.parseBody();
    const [key, next] = [textOf(form['key']).trim(), nextOf(textOf(form['next']), home)];
    try {
      return await enter(c, key, next, () => logins.byKey(key, visitOf(c)));
    } catch (error) {
      const { status, message } = refusal(error, 'That is no key of this hub that is valid now.');
      deps.onRefused?.(c, error as HubError);
      return page(c, keyForm(next, message), status);
    }
  });

  // Whatever looks ahead at links in messages follows them; only a person presses the button.
  routes.get('/login/:code', (c) => {
    const code = c.req.param('code');
    return logins.isOpen(code) ? page(c, linkForm(code)) : page(c, deadLink(), 410);
  });

  routes.post('/login/link', async (c) => {
    demandSameOrigin(c);
    const code = textOf((await c.req.parseBody())['code']);
    try {
      return await enter(c, code, home, () => logins.byCode(code, visitOf(c)));
    } catch (error) {
      const { status } = refusal(error, '');
      deps.onRefused?.(c, error as HubError);
      return page(c, deadLink(), status === 401 ? 410 : status);
    }
  });

  routes.post('/logout', async (c) => {
    await verifyOnce(c, { auth: deps.authenticator, addressOf });
    const cookie = cookieOf(c.req.raw.headers, cookieName);
    if (cookie !== undefined) await logins.end(cookie, visitOf(c));
    deleteCookie(c, cookieName, { path: '/', secure: https });
    return c.redirect('/ui/login', 303);
  });

  return routes;
}

/** What to tell who could not get in. @throws what is no refusal. */
function refusal(error: unknown, ofUnknown: string): { status: 401 | 403 | 429; message: string } {
  if (error instanceof HubError) {
    if (error.status === 401) return { status: 401, message: ofUnknown };
    if (error.status === 403 || error.status === 429) return { status: error.status, message: error.message };
  }
  throw error;
}

function textOf(field: unknown): string {
  return typeof field === 'string' ? field : '';
}

/** Only to pages of the hub. */
function nextOf(next: string | undefined, home: string): string {
  return next !== undefined && /^\/ui\/(?!login\b|logout\b)[^\\\s]*$/.test(next) ? next : home;
}

function alone(asset: (name: string) => string, main: Html): Html {
  return html`<body class="alone">
    <main id="main" class="card">
      <p class="brand">
        <img src="${asset('icon.svg')}" alt="" width="20" height="20" /><span>Shared Context Hub</span>
      </p>
      ${main}
    </main>
  </body>`;
}

function keyForm(next: string, problem?: string): Html {
  return html`<h1>Log in</h1>
    <p>
      Run this on the machine of the hub and open the link it prints:
      <code class="command">schub login</code>
    </p>
    <form method="post" action="/ui/login" class="stack">
      <input type="hidden" name="next" value="${next}" />
      <label for="key">Or paste the admin key</label>
      <input
        id="key"
        name="key"
        type="password"
        required
        autocomplete="current-password"
        spellcheck="false"
        ${problem === undefined ? none : html`aria-invalid="true" aria-describedby="problem"`}
      />
      ${problem === undefined ? none : html`<p id="problem" class="problem" role="alert">${problem}</p>`}
      <button class="primary">Log in</button>
    </form>`;
}

function linkForm(code: string): Html {
  return html`<h1>Log in to this hub</h1>
    <p>This link works once. Open it only if you asked for it with <code>schub login</code>.</p>
    <form method="post" action="/ui/login/link" class="stack">
      <input type="hidden" name="code" value="${code}" />
      <button class="primary">Log in</button>
    </form>`;
}

function deadLink(): Html {
  return html`<h1>This link is over</h1>
    <p>It has been used, or is older than ten minutes. Ask for another one:</p>
    <p><code class="command">schub login</code></p>
    <p><a href="/ui/login">Log in with the admin key</a></p>`;
}
