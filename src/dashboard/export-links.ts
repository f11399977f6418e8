/** Links to what a page shows, as files. */
import { EXPORT_FORMATS } from '../features/export/formats.ts';
import { html, type Html } from './page.ts';

const LABELS: Readonly<Record<(typeof EXPORT_FORMATS)[number], string>> = {
  jsonl: 'JSONL',
  csv: 'CSV',
  markdown: 'Markdown',
};

/** What `query` finds, in one session or in all; without it, the whole session. */
export function exportLinks({ sessionId, query = '' }: { sessionId?: string; query?: string }): Html {
  return links({
    ...(sessionId === undefined ? {} : { session_id: sessionId }),
    ...(query === '' ? {} : { query }),
  });
}

/** The audit log as it is filtered. */
export function auditExportLinks(filter: Readonly<Record<string, string>>): Html {
  return links({ scope: 'audit', ...filter });
}

function links(of: Readonly<Record<string, string>>): Html {
  return html`<span class="exports"
    ><span class="faint">Export</span> ${EXPORT_FORMATS.map(
      (format) =>
        html`<a href="/api/v1/export?${new URLSearchParams({ format, ...of }).toString()}" download
          >${LABELS[format]}</a
        > `,
    )}</span
  >`;
}
