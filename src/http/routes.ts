/** Which requests are special to the limits. Paths are without a query. */

/** A stream of events: open as long as the client likes, so neither counted nor timed. */
export function isStream(method: string, path: string): boolean {
  return method === 'GET' && (path === '/events' || path === '/mcp' || path.startsWith('/mcp/'));
}

/** The one upload of any length. */
export function isImport(method: string, path: string): boolean {
  return method === 'POST' && path === '/api/v1/import';
}

/** Routes that expect a verified credential. */
export function isPrivate(path: string): boolean {
  return path === '/metrics' || path === '/api' || path.startsWith('/api/');
}

/** Where OAuth clients look for what the hub does not offer. */
export const OAUTH_PATHS = [
  '/.well-known',
  '/.well-known/*',
  '/mcp/.well-known/*',
  '/mcp/2025/.well-known/*',
  '/register',
];
