/** Markdown for people. Contents are quoted line by line, so that none of them can pass for a heading of the export. */
import type { MessageRow, SessionRow } from '../../store/port.ts';
import type { ExportPiece } from './service.ts';

/** Controls other than tab and line feed, and those that turn the direction of a line. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const LINE_END = /\r\n?|[\n\u0085\u2028\u2029]/;

const clean = (text: string): string => text.replace(UNSAFE, (sign) => (sign === '\t' ? sign : ''));

/** A name or a purpose in a heading: one line, with nothing that Markdown or HTML takes for its own. */
export const inline = (text: string): string =>
  clean(text.split(LINE_END).join(' ')).replace(/[\\`*_{}[\]()<>#|~&!]/g, '\\$&');

const quoted = (text: string): string =>
  text
    .split(LINE_END)
    .map((line) => `> ${clean(line)}`.trimEnd())
    .join('\n');

function heading({ purpose, sessionId, createdBy, createdAt, isActive }: SessionRow): string {
  const state = isActive ? '' : ', closed';
  return `# ${inline(purpose)}\n\n\`${sessionId}\`, opened by ${inline(createdBy)} on ${time(createdAt)}${state}\n\n`;
}

const time = (ms: number): string => new Date(ms).toISOString();

function section(message: MessageRow): string {
  const { id, sender, visibility, messageType, parentId, pinned, imported, to } = message;
  const notes = [
    ...(messageType === 'message' ? [] : [messageType]),
    ...(visibility === 'public' ? [] : [visibility]),
    ...(to.length === 0 ? [] : [`to ${to.map(inline).join(', ')}`]),
    ...(parentId === null ? [] : [`answers ${parentId}`]),
    ...(pinned ? ['pinned'] : []),
    ...(imported ? ['imported'] : []),
  ];
  const more = notes.length === 0 ? '' : ` · ${notes.join(' · ')}`;
  return `## ${id} · ${inline(sender)} · ${time(message.createdAt)}${more}\n\n${quoted(message.content)}\n\n`;
}

export function markdown(piece: ExportPiece): string {
  if ('session' in piece) return heading(piece.session);
  return 'messages' in piece ? piece.messages.map(section).join('') : '';
}
