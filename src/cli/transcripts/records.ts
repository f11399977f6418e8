/** What the readers of transcripts make: lines of an import, and a tally of what they leave out. */
import { maskTokens } from './mask-tokens.ts';

export interface MessageRecord {
  readonly id: string;
  readonly session: string;
  readonly sender: string;
  readonly timestamp: string;
  readonly content: string;
  readonly parent: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface SessionRecord {
  readonly record: 'session';
  readonly session: string;
  readonly purpose: string;
  readonly created_at: string;
  readonly created_by?: string;
  readonly is_active?: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export type TranscriptRecord = MessageRecord | SessionRecord | Readonly<Record<string, unknown>>;

export interface Skips {
  add(reason: string, count?: number): void;
  /** Most frequent first. */
  list(): readonly { readonly reason: string; readonly count: number }[];
}

export function createSkips(): Skips {
  const counts = new Map<string, number>();
  return {
    add(reason, count = 1) {
      counts.set(reason, (counts.get(reason) ?? 0) + count);
    },
    list: () =>
      [...counts].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count),
  };
}

/** What a message may hold where nothing else is set. */
const MAX_CONTENT = 100_000;
const MAX_PURPOSE = 200;

/** A message too long for one is several, the later ones answers to the first; credentials in it are masked. */
export function* messageRecords(message: MessageRecord): Generator<MessageRecord> {
  const content = maskTokens(message.content);
  if (content.trim() === '') return;
  const parts = Math.ceil(content.length / MAX_CONTENT);
  for (let part = 0; part < parts; part++) {
    const text = content.slice(part * MAX_CONTENT, (part + 1) * MAX_CONTENT);
    if (text.trim() === '') continue;
    yield {
      ...message,
      content: text,
      ...(part === 0 ? {} : { id: `${message.id}#${part + 1}`, parent: message.id }),
      ...(parts === 1 ? {} : { metadata: { ...message.metadata, part: `${part + 1}/${parts}` } }),
    };
  }
}

/** The first words of a conversation, as what it is about. */
export function purposeOf(text: string): string {
  const line = maskTokens(text).trim().split(/\s+/).join(' ');
  return line.length <= MAX_PURPOSE ? line : `${line.slice(0, MAX_PURPOSE - 1)}…`;
}

/** Fields with a value. */
export function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

export const stringOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

export type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const listOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.map(fieldsOf) : [];
