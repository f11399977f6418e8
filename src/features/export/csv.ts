/** Comma-separated values (RFC 4180) that no spreadsheet takes for formulas. */
import type { ExportPiece } from './service.ts';

const COLUMNS = [
  'session_id',
  'message_id',
  'timestamp',
  'sender',
  'sender_type',
  'imported',
  'visibility',
  'to',
  'message_type',
  'parent_message_id',
  'pinned',
  'content',
  'metadata',
] as const;

/** What makes a cell a formula, also in full width, and also behind white space and controls. */
const FORMULA = /^(?:[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/u;

/** An apostrophe before it makes a spreadsheet show a formula as text. */
export function csvCell(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}

export const csvRow = (cells: readonly Parameters<typeof csvCell>[0][]): string =>
  `${cells.map(csvCell).join(',')}\r\n`;

/** The mark at the beginning tells spreadsheets that it is UTF-8. */
export const csvHeaderOf = (columns: readonly string[]): string => `\ufeff${columns.join(',')}\r\n`;

export const csvHeader = csvHeaderOf(COLUMNS);

export function csvRows(piece: ExportPiece): string {
  if (!('messages' in piece)) return '';
  return piece.messages
    .map((message) =>
      csvRow([
        message.sessionId,
        message.id,
        new Date(message.createdAt).toISOString(),
        message.sender,
        message.senderType,
        message.imported,
        message.visibility,
        message.to.join(' '),
        message.messageType,
        message.parentId,
        message.pinned,
        message.content,
        JSON.stringify(message.metadata),
      ]),
    )
    .join('');
}
