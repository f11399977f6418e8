/** Messages as a hook shows them to a model: quoted, so that nothing in them can pass for the hub's or the user's words. */
import { cutText, seenText } from '../../lib/plain-text.ts';
import type { LeaseRow, MessageRow } from '../../store/port.ts';
import { previewOf } from '../delivery/preview.ts';

/** Of one message; the rest is a call away. */
const MAX_CONTENT_CHARS = 1_500;
const MAX_RESOURCES = 3;
/** Senders of imported messages are called anything. */
const NOT_IN_NAMES = /[^\p{L}\p{N}._@ -]/gu;

export interface Quoted {
  readonly id: number;
  readonly text: string;
  /** Whether its content is there to the end. */
  readonly whole: boolean;
}

/** A line that says what it is, and its content behind `> `. */
export function quote({ id, sessionId, sender, messageType, createdAt, content }: MessageRow): Quoted {
  const time = new Date(createdAt).toISOString();
  const from = sender.replace(NOT_IN_NAMES, '');
  const text = seenText(content);
  const whole = text.length <= MAX_CONTENT_CHARS;
  const lines = cutText(text, MAX_CONTENT_CHARS).trimEnd().split('\n');
  const rest = whole
    ? []
    : [`(cut; all of it: get_messages session_id=${sessionId} after_id=${id - 1} limit=1)`];
  const head = `#${id}, ${messageType} from ${from} in ${sessionId}, ${time}:`;
  return { id, text: [head, ...lines.map((line) => `> ${line}`), ...rest].join('\n'), whole };
}

export function quoteLease({ mode, holder, resources, reason, expiresAt }: LeaseRow): string {
  const held = resources.slice(0, MAX_RESOURCES).map((one) => JSON.stringify(previewOf(one)));
  const rest = resources.length > MAX_RESOURCES ? ', …' : '';
  const why = reason === null ? '' : ` Its reason, as they wrote it: ${JSON.stringify(previewOf(reason))}.`;
  return `- ${holder} holds ${held.join(', ')}${rest} (${mode}) until ${new Date(expiresAt).toISOString()}.${why}`;
}
