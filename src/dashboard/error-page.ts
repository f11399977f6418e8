/** What a person reads when a page cannot be shown. */
import type { HubError } from '../errors.ts';
import { maskSecrets } from '../lib/mask-secrets.ts';
import { document } from './layout.ts';
import { html, type Html } from './page.ts';

export interface ErrorPageParts {
  readonly error: HubError;
  readonly requestId: string;
  readonly asset: (name: string) => string;
}

export function errorPage({ error, requestId, asset }: ErrorPageParts): Html {
  return document({
    title: error.status === 404 ? 'Not found' : 'Error',
    asset,
    main: html`<body class="alone">
      <main id="main" class="card">
        <p class="kicker">${error.status}</p>
        <h1>${maskSecrets(error.message)}</h1>
        ${(error.details.suggestions ?? []).map((text) => html`<p>${text}</p>`)}
        <p><a href="/ui/sessions">Go to the sessions</a></p>
        <p class="faint">Request <code>${requestId}</code></p>
      </main>
    </body>`,
  });
}
