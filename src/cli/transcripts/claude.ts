/**
 * Transcripts of Claude Code: a line per entry, in `<project>/<session>.jsonl`. Entries of sub-agents are marked
 * `isSidechain`, in the file of the session (to version 2.0) or in files `agent-<id>.jsonl` of their own, which name the
 * session all the same. Entries point to the one before by `parentUuid`, also past those that are no messages.
 */
import path from 'node:path';
import type { Line } from '../../lib/lines.ts';
import { fieldsOf, given, listOf, messageRecords, purposeOf, stringOf } from './records.ts';
import type { Fields, Skips, TranscriptRecord } from './records.ts';

const MESSAGES = new Set(['user', 'assistant', 'system']);
const MAX_TOOLS = 50;

/** Records of one file, whose lines are read once. */
export async function* claudeRecords(
  file: string,
  lines: AsyncIterable<Line>,
  skips: Skips,
): AsyncGenerator<TranscriptRecord> {
  const name = path.basename(file).replace(/\.jsonl.*$/, '');
  /** For entries that are left out: the message before. */
  const nearest = new Map<string, string | null>();
  const begun = new Set<string>();
  let number = 0;
  let last: string | undefined;
  for await (const line of lines) {
    number++;
    const entry = parse(line, skips);
    if (entry === undefined) continue;
    const type = stringOf(entry['type']) ?? 'entry without a type';
    const uuid = stringOf(entry['uuid']);
    const named = stringOf(entry['parentUuid']) ?? null;
    const parent = named !== null && nearest.has(named) ? (nearest.get(named) ?? null) : named;
    const leaveOut = (reason: string): void => {
      skips.add(reason);
      if (uuid !== undefined) nearest.set(uuid, parent);
    };
    if (!MESSAGES.has(type)) {
      leaveOut(`entries of type ${type}: no messages`);
      continue;
    }
    const content = contentOf(entry);
    const timestamp = isoOf(entry['timestamp']) ?? last;
    if (content.text.trim() === '') leaveOut(`entries of type ${type} without text`);
    else if (timestamp === undefined) leaveOut('entries without a time');
    else {
      last = timestamp;
      const session = `claude-code/${stringOf(entry['sessionId']) ?? name}`;
      if (!begun.has(session) && isPrompt(entry, content)) {
        begun.add(session);
        yield sessionRecord(session, entry, content.text, timestamp);
      }
      yield* messageRecords({
        ...{ id: uuid ?? `${name}:${number}`, session, timestamp, parent, content: content.text },
        sender: senderOf(entry, content),
        metadata: metadataOf(type, entry, content),
      });
    }
  }
}

interface Content {
  readonly text: string;
  readonly tools: readonly Fields[];
  readonly results: readonly Fields[];
  readonly thinking: boolean;
}

function contentOf(entry: Fields): Content {
  const { content } = { content: entry['content'], ...fieldsOf(entry['message']) } as Fields;
  if (typeof content === 'string') return { text: content, tools: [], results: [], thinking: false };
  const blocks = listOf(content);
  const of = (type: string): readonly Fields[] => blocks.filter((block) => block['type'] === type);
  return {
    text: blocks.map(blockText).filter(Boolean).join('\n\n'),
    tools: of('tool_use')
      .slice(0, MAX_TOOLS)
      .map(({ id, name }) => given({ id, name })),
    results: of('tool_result')
      .slice(0, MAX_TOOLS)
      .map(({ tool_use_id, is_error }) =>
        given({ tool_use_id, is_error: is_error === true ? true : undefined }),
      ),
    thinking: of('thinking').length > 0,
  };
}

/** Images and encrypted thoughts are named, not kept. */
function blockText(block: Fields): string {
  switch (block['type']) {
    case 'text':
      return stringOf(block['text']) ?? '';
    case 'thinking':
      return stringOf(block['thinking']) ?? '';
    case 'tool_use':
      return `${stringOf(block['name']) ?? 'tool'} ${JSON.stringify(block['input'] ?? {})}`;
    case 'tool_result': {
      const { content } = block;
      return typeof content === 'string'
        ? content
        : listOf(content).map(blockText).filter(Boolean).join('\n\n');
    }
    case 'image':
    case 'document':
      return `[${block['type']}, ${stringOf(fieldsOf(block['source'])['media_type']) ?? 'unknown type'}]`;
    default:
      return '';
  }
}

const isSidechain = (entry: Fields): boolean => entry['isSidechain'] === true;

/** What a person asked. */
const isPrompt = (entry: Fields, { results, text }: Content): boolean =>
  entry['type'] === 'user' &&
  results.length === 0 &&
  entry['isMeta'] !== true &&
  !isSidechain(entry) &&
  !/^(<(command|local-command)|Caveat:)/.test(text);

/** Labels: who speaks. What a sub-agent is asked comes from the agent that started it. */
function senderOf(entry: Fields, { results }: Content): string {
  const agent = stringOf(entry['agentId']);
  if (entry['type'] === 'system') return 'system';
  if (entry['type'] === 'assistant' && isSidechain(entry))
    return agent === undefined ? 'claude/subagent' : `claude/${agent}`;
  if (results.length > 0) return 'tool';
  return entry['type'] === 'assistant' || isSidechain(entry) ? 'claude' : 'user';
}

function metadataOf(type: string, entry: Fields, { tools, results, thinking }: Content): Fields {
  const message = fieldsOf(entry['message']);
  return given({
    source: 'claude-code',
    role: stringOf(message['role']) ?? type,
    model: stringOf(message['model']),
    version: stringOf(entry['version']),
    subtype: stringOf(entry['subtype']),
    agent_id: stringOf(entry['agentId']),
    sidechain: isSidechain(entry) ? true : undefined,
    meta: entry['isMeta'] === true ? true : undefined,
    summary: entry['isCompactSummary'] === true ? true : undefined,
    thinking: thinking ? true : undefined,
    tools: tools.length > 0 ? tools : undefined,
    results: results.length > 0 ? results : undefined,
  });
}

function sessionRecord(session: string, entry: Fields, text: string, timestamp: string): TranscriptRecord {
  const metadata = given({
    source: 'claude-code',
    cwd: stringOf(entry['cwd']),
    git_branch: stringOf(entry['gitBranch']) || undefined,
  });
  return {
    record: 'session',
    session,
    purpose: purposeOf(text),
    created_by: 'user',
    created_at: timestamp,
    metadata,
  };
}

export function parse(line: Line, skips: Skips): Fields | undefined {
  if ('tooLong' in line) {
    skips.add('lines that are longer than a line may be');
    return undefined;
  }
  if (line.text.trim() === '') return undefined;
  try {
    return fieldsOf(JSON.parse(line.text));
  } catch {
    skips.add('lines that are not JSON (the last one of a program that was killed may be half)');
    return undefined;
  }
}

/** A time in the form that an import takes. */
export function isoOf(value: unknown): string | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
