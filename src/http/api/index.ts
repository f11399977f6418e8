/** The JSON API below `/api/v1`: the same services as the tools, for the command line and scripts. */
import { Hono } from 'hono';
import { splitLines } from '../../lib/lines.ts';
import type { HubEnv } from '../types.ts';
import { uploadOf } from '../upload.ts';
import { agentRoutes } from './agents.ts';
import { auditRoutes } from './audit.ts';
import { whileGood, type ApiDeps } from './context.ts';
import { exportRoute } from './export.ts';
import { hookRoutes } from './hooks.ts';
import { keyRoutes } from './keys.ts';
import { leaseRoutes } from './leases.ts';
import { loginLinkRoutes } from './login-links.ts';
import { searchRoutes } from './search.ts';
import { sessionRoutes } from './sessions.ts';
import { toolRoutes } from './tool-routes.ts';

export type { ApiDeps } from './context.ts';

/** A line holds one message, whose content is bounded by a setting; this bounds the memory of whatever is sent. */
const MAX_LINE_CHARS = 4 * 1024 * 1024;

export function apiRoutes(deps: ApiDeps): Hono<HubEnv> {
  const api = new Hono<HubEnv>();
  api.route('/sessions', sessionRoutes(deps));
  api.route('/keys', keyRoutes(deps));
  api.route('/agents', agentRoutes(deps));
  api.route('/leases', leaseRoutes(deps));
  api.route('/audit', auditRoutes(deps));
  api.route('/login-links', loginLinkRoutes(deps));
  api.route('/search', searchRoutes(deps));
  api.route('/', toolRoutes(deps));
  api.route('/hooks', hookRoutes(deps));

  api.post('/import', (c) =>
    whileGood(c, deps, async (ctx) =>
      c.json(await deps.services.imports.run(ctx, splitLines(uploadOf(c), MAX_LINE_CHARS))),
    ),
  );

  api.get('/export', exportRoute(deps));

  return api;
}
