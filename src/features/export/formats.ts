/** The shapes of an export. Each makes text of one piece at a time. */
import type { AuditRow } from '../../store/port.ts';
import { auditCsvHeader, auditCsvRows, auditLines, auditMarkdown, auditMarkdownHead } from './audit.ts';
import { csvHeader, csvRows } from './csv.ts';
import { jsonLines } from './jsonl.ts';
import { markdown } from './markdown.ts';
import type { ExportPiece } from './service.ts';

export const EXPORT_FORMATS = ['jsonl', 'csv', 'markdown'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const MEDIA = {
  jsonl: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
} as const satisfies Record<ExportFormat, string>;
/** The media types of all formats, without parameters. */
export const EXPORT_MEDIA = Object.values(MEDIA).map((type) => type.replace(/;.*/, ''));

/** Those that have a place for memory. */
export const HOLD_MEMORY: ReadonlySet<ExportFormat> = new Set(['jsonl']);

export interface Format<Piece = ExportPiece> {
  readonly contentType: string;
  /** What a file of it is called at the end. */
  readonly extension: string;
  /** What stands before everything. */
  readonly head: string;
  readonly text: (piece: Piece) => string;
}

/** `epoch`: of the hub, a part of the names that messages have outside of it. */
export function createFormat(format: ExportFormat, epoch: string): Format {
  switch (format) {
    case 'jsonl':
      return { contentType: MEDIA.jsonl, extension: 'jsonl', head: '', text: jsonLines(epoch) };
    case 'csv':
      return { contentType: MEDIA.csv, extension: 'csv', head: csvHeader, text: csvRows };
    case 'markdown':
      return { contentType: MEDIA.markdown, extension: 'md', head: '', text: markdown };
  }
}

/** Of the audit log, whose pieces are pages of its rows. */
export function createAuditFormat(format: ExportFormat): Format<readonly AuditRow[]> {
  switch (format) {
    case 'jsonl':
      return { contentType: MEDIA.jsonl, extension: 'jsonl', head: '', text: auditLines };
    case 'csv':
      return { contentType: MEDIA.csv, extension: 'csv', head: auditCsvHeader, text: auditCsvRows };
    case 'markdown':
      return { contentType: MEDIA.markdown, extension: 'md', head: auditMarkdownHead, text: auditMarkdown };
  }
}
