/** `/ui`: pages for operators, and the login before them. */
import type { Context } from 'hono';
import { Hono } from 'hono';
import type { GuessGuard } from '../auth/guess-guard.ts';
import { HubError, publicError } from '../errors.ts';
import { encodeCursor } from '../features/cursor.ts';
import { demand } from '../features/permissions.ts';
import { contextOf, type ApiDeps } from '../http/api/context.ts';
import { EVENTS } from '../http/events/event-text.ts';
import { answerErrors, type ErrorHandlerOptions } from '../http/error-handler.ts';
import { verifyOnce } from '../http/require-credential.ts';
import type { HubEnv } from '../http/types.ts';
import type { CacheMeters } from '../lib/cache-meter.ts';
import { loadAssets } from './assets.ts';
import { errorPage } from './error-page.ts';
import { frame, type Feed, type FrameParts } from './layout.ts';
import { loginRoutes, toLogin } from './login.ts';
import type { Form, Page, View } from './page.ts';
import { createBodyRenderer } from './render-body.ts';
import { ACTIONS, FRAGMENTS, PAGES } from './pages/index.ts';

export interface DashboardDeps extends ApiDeps, Pick<ErrorHandlerOptions, 'onRefused'> {
  readonly now: () => number;
  readonly cookieName: string;
  /** Counts attempts to log in, as it does other credentials. */
  readonly guesses: GuessGuard;
  /** Whether browsers reach the hub over https. */
  readonly https: boolean;
  readonly caches: CacheMeters;
}

export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const FOR_EVER = 'public, max-age=31536000, immutable';
const TWIN = '.json';
const HOME = '/ui/sessions';

export function dashboardRoutes(deps: DashboardDeps): Hono<HubEnv> {
  const { log, now, services, epoch, onRefused } = deps;
  const assets = loadAssets();
  const renderBody = createBodyRenderer(deps.caches);
  const asset = (name: string): string => assets.url(name);
  const asJson = answerErrors({ log, now, ...(onRefused === undefined ? {} : { onRefused }) });
  const routes = new Hono<HubEnv>();

  routes.onError(async (error, c) => {
    const isStranger = error instanceof HubError && error.status === 401;
    if (isStranger && isPage(c) && c.req.method === 'GET') return toLogin(c, deps);
    const answer = await asJson(error, c);
    if (!isPage(c)) return answer;
    const { headers, status } = answer;
    headers.delete('content-length');
    headers.set('content-type', 'text/html; charset=utf-8');
    headers.set('Content-Security-Policy', CSP);
    const page = errorPage({ error: publicError(error), requestId: c.get('requestId'), asset });
    return new Response(String(await page), { headers, status });
  });

  routes.use(async (c, next) => {
    await next();
    if (c.res.headers.get('content-type')?.startsWith('text/html') === true)
      c.res.headers.set('Content-Security-Policy', CSP);
  });

  routes.get('/assets/:file', (c) => {
    const found = assets.get(c.req.param('file'));
    if (found === undefined) return c.notFound();
    return c.body(found.body(), 200, { 'content-type': found.type, 'cache-control': FOR_EVER });
  });
  routes.route('/', loginRoutes({ ...deps, asset, home: HOME }));

  /** @throws HubError AUTHENTICATION_FAILED, and PERMISSION_DENIED for who is no operator. */
  async function viewOf(c: Context<HubEnv>): Promise<View> {
    const twin = isTwin(c);
    await verifyOnce(c, { auth: deps.authenticator, addressOf: deps.addressOf });
    const ctx = await contextOf(c, deps);
    demand(ctx, 'admin');
    const url = new URL(c.req.url);
    return {
      ...{ ctx, services, epoch, asset, renderBody, now: now(), query: url.searchParams },
      ...{ version: deps.version, maxResponseBytes: deps.maxResponseBytes },
      publicUrl: deps.publicUrl(),
      path: twin ? c.req.path.slice(0, -TWIN.length) : c.req.path,
      csrf: c.get('credential')?.login?.csrfToken ?? '',
      param(name) {
        const value = c.req.param(name) ?? '';
        return twin && value.endsWith(TWIN) ? value.slice(0, -TWIN.length) : value;
      },
    };
  }

  /** Where the events begin that a page has not heard of. Asked before what it shows: better told twice than not at all. */
  async function feedOf({ ctx, query }: View, page: Page): Promise<Feed | undefined> {
    const live = page.live(query);
    if (live === undefined) return undefined;
    const { start } = await services.feed.open(ctx, { kindsOnly: true });
    return { ...live, position: encodeCursor(epoch, EVENTS, start) };
  }

  const framed = (c: Context<HubEnv>, parts: Omit<FrameParts, 'pages'>) =>
    c.html(frame({ ...parts, pages: PAGES }));

  for (const { path, load } of FRAGMENTS) {
    routes.get(path, async (c) => c.html(await load(await viewOf(c))));
  }
  for (const page of PAGES) {
    const answer = async (c: Context<HubEnv>): Promise<Response> => {
      const view = await viewOf(c);
      if (isTwin(c)) return c.json((await page.load(view)).data);
      const feed = await feedOf(view, page);
      const loaded = await page.load(view);
      const parts = { title: loaded.title, main: loaded.main(), view, current: page };
      return framed(c, feed === undefined ? parts : { ...parts, feed });
    };
    routes.get(page.path, answer);
    // A parameter at the end takes the ending, too. A second pattern for it would have all of the hub's requests routed slowly.
    if (!/:\w+$/.test(page.path)) routes.get(`${page.path}${TWIN}`, answer);
  }
  for (const { path, run } of ACTIONS) {
    routes.post(path, async (c) => {
      const done = await run(await viewOf(c), formOf(await c.req.parseBody()));
      return 'to' in done ? c.redirect(done.to, 303) : framed(c, { ...done, view: await viewOf(c) });
    });
  }
  return routes;
}

function isTwin({ req }: Pick<Context, 'req'>): boolean {
  return req.path.endsWith(TWIN);
}

/** Whether a person asks, who wants to read what went wrong. */
function isPage(c: Context): boolean {
  return !isTwin(c) && (c.req.header('accept') ?? '').includes('text/html');
}

function formOf(body: Readonly<Record<string, unknown>>): Form {
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
