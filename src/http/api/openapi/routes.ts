/** `/api/v1/openapi.json` and `/api/v1/docs`: what the API is, for programs and for people. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { refuseQuery } from '../arguments.ts';
import { contextOf } from '../context.ts';
import { defineEndpoint, type Described, type Endpoint } from '../endpoint.ts';
import { openApiDocument, type DescribedHub } from './document.ts';
import { OUTSIDE } from './outside.ts';
import { docsPage, DOCS_STYLE } from './page.ts';

const BASE = '/api/v1';
/** The page is one file without scripts: it can be saved, and read anywhere. */
const STYLE_HASH = createHash('sha256').update(DOCS_STYLE).digest('base64');
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

const nothing = { input: z.strictObject({}), sample: {} };

/** The routes that describe all others, and themselves. `routes`: those of the API, without its base. */
export function describeApi(hub: DescribedHub, routes: readonly Endpoint[]): readonly Endpoint[] {
  /** Made when it is first asked for: most hubs are never asked. */
  const document = once(() => {
    const below = [...routes, ...own].map((route): Described => ({ ...route, path: BASE + route.path }));
    return openApiDocument(hub, [...below, ...OUTSIDE]);
  });
  const page = once(() => docsPage(document()));

  const own: readonly Endpoint[] = [
    defineEndpoint({
      ...{ method: 'GET', path: '/openapi.json', id: 'getOpenApi', tag: 'Help', permission: 'read' },
      ...{ summary: 'This document.', etag: true, ...nothing },
      output: { schema: z.record(z.string(), z.unknown()), example: { openapi: '3.1.1' } },
      handler: async () => ({ ...document() }),
    }),
    {
      ...{ method: 'GET', path: '/docs', id: 'getDocs', tag: 'Help', permission: 'read' },
      ...{ summary: 'This document as a page.', etag: true, ...nothing },
      output: { media: ['text/html'] },
      async answer(c, deps) {
        await contextOf(c, deps);
        refuseQuery(c);
        return c.html(page(), 200, { 'Content-Security-Policy': POLICY });
      },
    },
  ];
  return own;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
