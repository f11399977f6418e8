/** The audit log in the shapes of an export, a page of its rows at a time. */
import type { AuditRow } from '../../store/port.ts';
import { csvHeaderOf, csvRow } from './csv.ts';
import { inline } from './markdown.ts';

const COLUMNS = [
  ...['id', 'at', 'actor', 'key_id', 'event_type', 'action', 'resource', 'session_id', 'result'],
  ...['request_id', 'details'],
] as const;

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** As the public contract has entries. */
export function auditLines(rows: readonly AuditRow[]): string {
  return rows.map((row) => `${JSON.stringify(entryOf(row))}\n`).join('');
}

function entryOf({
  id,
  at,
  actor,
  keyId,
  eventType,
  action,
  resource,
  sessionId,
  ...rest
}: AuditRow): object {
  const { result, requestId, details } = rest;
  return {
    ...{ id, at: isoTime(at), actor, key_id: keyId, event_type: eventType, action, resource },
    ...{ session_id: sessionId, result, request_id: requestId, details },
  };
}

export const auditCsvHeader = csvHeaderOf(COLUMNS);

export function auditCsvRows(rows: readonly AuditRow[]): string {
  return rows
    .map((row) =>
      csvRow([
        ...[row.id, isoTime(row.at), row.actor, row.keyId, row.eventType, row.action, row.resource],
        ...[row.sessionId, row.result, row.requestId, JSON.stringify(row.details)],
      ]),
    )
    .join('');
}

const TABLE = ['When', 'Actor', 'Event', 'Action', 'Target', 'Result', 'Key', 'Details'];

export const auditMarkdownHead = `# Audit log\n\n${tableRow(TABLE)}${tableRow(TABLE.map(() => '---'))}`;

export function auditMarkdown(rows: readonly AuditRow[]): string {
  return rows
    .map(({ at, actor, eventType, action, resource, result, keyId, details }) =>
      tableRow([
        ...[isoTime(at), inline(actor ?? ''), inline(eventType), inline(action), inline(resource ?? '')],
        ...[result, inline(keyId ?? ''), inline(JSON.stringify(details))],
      ]),
    )
    .join('');
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}
