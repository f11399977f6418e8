/** The one HTTP app. What a request meets, and in which order, is all here. */
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import type { Authenticator } from '../auth/types.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../telemetry/log.ts';
import type { OnRefused } from './audit-refusals.ts';
import { limitBody } from './body-limit.ts';
import { clientAddress } from './client-address.ts';
import { chain } from './chain.ts';
import { limitConcurrency } from './concurrency-limit.ts';
import { crossOrigin } from './cross-origin.ts';
import { answerErrors, throwErrorsOnly } from './error-handler.ts';
import { healthRoutes, type HealthOptions } from './health.ts';
import { hostGuard } from './host-guard.ts';
import { hostRule } from './host-rules.ts';
import { measureRequests, type OnServed } from './measure-requests.ts';
import { notFound, notOffered } from './not-found.ts';
import { originGuard } from './origin-guard.ts';
import { privateHeaders } from './private-headers.ts';
import { requestId } from './request-id.ts';
import { requestLog } from './request-log.ts';
import { limitTime } from './request-timeout.ts';
import { requireCredential } from './require-credential.ts';
import { OAUTH_PATHS, isImport, isPrivate, isStream } from './routes.ts';
import type { HubEnv } from './types.ts';

/** Where the dashboard begins. */
const HOME = '/ui/sessions';
const MAX_BODY_BYTES = 1_048_576;
/** Strangers may send these, as many at once as they like. */
const MAX_AUTH_BODY_BYTES = 16_384;

function maxBodyBytes(path: string): number {
  return path.startsWith('/auth/') ? MAX_AUTH_BODY_BYTES : MAX_BODY_BYTES;
}

export interface AppDeps {
  readonly config: Pick<Config, 'http'>;
  readonly version: string;
  readonly log: Logger;
  readonly auth: Pick<Authenticator, 'verify'>;
  readonly health: HealthOptions['health'];
  /** Routes `/mcp…`; authenticates itself. */
  readonly mcp: Hono;
  /** Routes `/auth/…`, which check credentials themselves. */
  readonly authRoutes: Hono<HubEnv>;
  /** Routes below `/api/v1`, which they leave out; a credential has been verified. */
  readonly api: Hono<HubEnv>;
  /** Routes `/metrics`; a credential has been verified. */
  readonly metrics: Hono<HubEnv>;
  /** Routes `/events`, which it leaves out; authenticates itself. */
  readonly events: Hono<HubEnv>;
  /** Routes `/ui`, which it leaves out; authenticates itself. */
  readonly dashboard: Hono<HubEnv>;
  readonly onRefused?: OnRefused;
  readonly onServed?: OnServed;
  readonly now?: () => number;
  /** Monotonic milliseconds since the start. */
  readonly uptimeMs?: () => number;
}

/** Puts the hub's HTTP app together. */
export function createApp(deps: AppDeps): Hono<HubEnv> {
  const { http } = deps.config;
  const { log, version, auth, health, now = Date.now } = deps;
  const started = performance.now();
  const { uptimeMs = () => performance.now() - started } = deps;
  const isOurs = hostRule(http);
  const addressOf = clientAddress(http.trustProxy);
  const longLived = (method: string, path: string): boolean =>
    isStream(method, path) || isImport(method, path);
  const app = new Hono<HubEnv>();

  const { onRefused, onServed } = deps;
  app.onError(answerErrors({ log, now, ...(onRefused === undefined ? {} : { onRefused }) }));
  app.notFound(notFound({ app, auth, addressOf }));

  app.use(
    chain(
      requestId(),
      ...(onServed === undefined ? [] : [measureRequests({ onServed })]),
      ...(http.logRequests ? [requestLog({ log })] : []),
      privateHeaders({ https: http.publicUrl?.startsWith('https:') ?? false }),
    ),
  );
  // What these refuse is answered through those above.
  app.use(
    chain(hostGuard({ isOurs }), originGuard({ isOurs, corsOrigins: http.corsOrigins }), throwErrorsOnly),
  );
  if (http.corsOrigins.length > 0) app.use(crossOrigin({ origins: http.corsOrigins }));

  app.route('/', healthRoutes({ version, health, uptimeMs }));
  for (const path of OAUTH_PATHS) app.all(path, notOffered);

  app.use(
    chain(
      limitConcurrency({ max: http.maxConcurrentRequests, exempt: isStream }),
      limitTime({ timeoutMs: http.requestTimeoutMs, exempt: longLived }),
      requireCredential({ auth, addressOf }, isPrivate),
      limitBody({ maxBytes: maxBodyBytes, exempt: isImport }),
    ),
  );
  app.use('/api/*', compress());
  app.use('/ui/*', compress());

  app.route('/', deps.mcp);
  app.route('/auth', deps.authRoutes);
  app.route('/api/v1', deps.api);
  app.route('/', deps.metrics);
  app.route('/events', deps.events);
  for (const path of ['/', '/ui', '/ui/']) app.get(path, (c) => c.redirect(HOME));
  app.route('/ui', deps.dashboard);
  return app;
}
