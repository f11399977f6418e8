/**
 * How messages of others stand between the hub's own lines: what is theirs begins with `>` or is a quoted string, so that
 * no message can look like a heading, another message, or a word of the hub.
 */
import { cutText, oneLine, seenText } from '../../lib/plain-text.ts';
import type { CountTokens } from '../../lib/tokens.ts';
import type { ChangedMemory, MessageRow } from '../../store/port.ts';
import type { Item } from './types.ts';

/** A character takes few tokens, seldom less than a sixth of one: more need not be counted. */
const MAX_CHARS_PER_TOKEN = 6;
const MAX_RECIPIENTS = 3;

export interface LineRules {
  readonly count: CountTokens;
  /** Milliseconds since the epoch: times of the same day are shorter. */
  readonly now: number;
  /** The caller's names: its id and its type, in lower case. */
  readonly you: { readonly agentId: string; readonly agentType: string };
  /** The session that all are of which do not say another. */
  readonly session: string | undefined;
}

/** A message with its metadata and its content, or with as much of the content as `maxTokens` hold. */
export function messageItem(
  rules: LineRules,
  message: MessageRow,
  maxTokens: number,
  note: string,
): Item & { readonly whole: boolean } {
  const content = seenText(message.content).trimEnd();
  const metadata =
    Object.keys(message.metadata).length === 0 ? '' : oneLine(JSON.stringify(message.metadata));
  const bare = metadata === '' || rules.count(metadata) <= maxTokens / 2;
  const kept = shorten(rules.count, content, bare ? maxTokens - rules.count(metadata) : maxTokens);
  const whole = bare && kept.length === content.length;
  const lines = kept.split('\n').map((line) => (line === '' ? '  >\n' : `  > ${line}\n`));
  const rest = [
    ...(kept.length < content.length ? [`${content.length - kept.length} characters`] : []),
    ...(bare ? [] : ['metadata']),
  ].join(', ');
  return {
    text: [
      `- ${headOf(rules, message, note)}\n`,
      ...lines,
      ...(bare && metadata !== '' ? [`  > metadata ${metadata}\n`] : []),
      ...(whole ? [] : [`  cut: ${rest}; get_messages after_id=${message.id - 1} limit=1 has it\n`]),
    ].join(''),
    whole,
  };
}

/** A message in one line. */
export function briefItem(rules: LineRules, message: MessageRow, maxTokens: number): Item {
  const content = oneLine(cutText(message.content, maxTokens * MAX_CHARS_PER_TOKEN * 2));
  const kept = shorten(rules.count, content, maxTokens);
  const whole = kept.length === content.length && oneLine(message.content).length === content.length;
  return { text: `- ${headOf(rules, message, '')} > ${kept}${whole ? '' : '…'}\n` };
}

export function memoryItem(
  rules: LineRules,
  { entry, value }: ChangedMemory,
  maxTokens: number,
  note: string,
): Item {
  const { scope, version, updatedBy, updatedAt, sessionId, valueSize } = entry;
  const text = oneLine(value);
  const kept = shorten(rules.count, text, maxTokens);
  const cut = kept.length < text.length || Buffer.byteLength(value) < valueSize;
  const head = [
    `${quoted(entry.key, 255)} ${scope === 'agent' ? 'yours' : `shared, by ${updatedBy}`}`,
    ...(sessionId === null || sessionId === rules.session ? [] : [sessionId]),
    ...(sessionId === null ? ['of no session'] : []),
    `v${version}`,
    timeOf(updatedAt, rules.now),
    ...(note === '' ? [] : [note]),
  ].join(', ');
  return {
    text: `- ${head} > ${kept}${cut ? '…' : ''}
`,
  };
}

/** What the hub knows of a message. */
function headOf({ now, you, session }: LineRules, message: MessageRow, note: string): string {
  const { id, sender, imported, messageType, pinned, visibility, to, parentId } = message;
  const own = !imported && sender.toLowerCase() === you.agentId.toLowerCase();
  return [
    `#${id} ${imported ? `imported, of ${quoted(sender, 100)}` : own ? 'you' : sender}${toWhom(to, you)}`,
    ...(messageType === 'message' ? [] : [messageType]),
    ...(pinned ? ['pinned'] : []),
    ...(visibility === 'public' ? [] : [visibility]),
    ...(parentId === null ? [] : [`reply to #${parentId}`]),
    timeOf(message.createdAt, now),
    ...(message.sessionId === session ? [] : [message.sessionId]),
    ...(note === '' ? [] : [note]),
  ].join(', ');
}

function toWhom(to: readonly string[], you: LineRules['you']): string {
  if (to.length === 0) return '';
  const mine = [you.agentId.toLowerCase(), `type:${you.agentType.toLowerCase()}`];
  const names = to.map((name) => (mine.includes(name.toLowerCase()) ? 'you' : oneLine(name)));
  const first = [...new Set(names)].sort((a, b) => Number(b === 'you') - Number(a === 'you'));
  const more = first.length > MAX_RECIPIENTS ? ` +${first.length - MAX_RECIPIENTS}` : '';
  return ` → ${first.slice(0, MAX_RECIPIENTS).join(' ')}${more}`;
}

/** A text of others inside of a line. */
export function quoted(text: string, chars: number): string {
  const line = oneLine(text);
  const kept = cutText(line, chars);
  return JSON.stringify(kept.length < line.length ? `${kept}…` : kept);
}

/** As much of the beginning as `maxTokens` hold. */
export function shorten(count: CountTokens, text: string, maxTokens: number): string {
  let kept = cutText(text, maxTokens * MAX_CHARS_PER_TOKEN);
  for (let tokens = count(kept); tokens > maxTokens && kept !== ''; tokens = count(kept)) {
    kept = cutText(kept, Math.floor(kept.length * Math.min(0.9, maxTokens / tokens)));
  }
  return kept;
}

/** UTC, as short as it is clear. */
export function timeOf(ms: number, now: number): string {
  const time = new Date(ms).toISOString();
  const today = new Date(now).toISOString();
  if (time.slice(0, 10) === today.slice(0, 10)) return time.slice(11, 16);
  return time.slice(0, 4) === today.slice(0, 4)
    ? time.slice(5, 16).replace('T', ' ')
    : time.slice(0, 16).replace('T', ' ');
}
