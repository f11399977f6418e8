/**
 * Transcripts of Codex (`sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl`, also packed as `.zst`). From version 0.32 on a line
 * is `{timestamp, type, payload}`; before, the first line was the session and the others were bare items without a time;
 * the oldest files are one JSON document with `session` and `items`. What is told both as `event_msg` and as
 * `response_item` is taken from the latter.
 */
import path from 'node:path';
import type { Line } from '../../lib/lines.ts';
import { isoOf, parse } from './claude.ts';
import { fieldsOf, given, listOf, messageRecords, purposeOf, stringOf } from './records.ts';
import type { Fields, Skips, TranscriptRecord } from './records.ts';

/** What the program, not a person, writes in the name of the user. */
const PREAMBLE = /^\s*(<(environment_context|user_instructions|turn_aborted|INSTRUCTIONS)|# AGENTS\.md)/;

interface Conversation {
  readonly session: string;
  readonly about: Fields;
  readonly startedAt: string;
  begun: boolean;
  model: string | undefined;
  /** Times of items without one rise by a millisecond each. */
  lastAt: number;
  /** The message of each call of a tool. */
  readonly calls: Map<string, string>;
}

/** Records of one file, whose lines are read once. */
export async function* codexRecords(
  file: string,
  lines: AsyncIterable<Line>,
  skips: Skips,
): AsyncGenerator<TranscriptRecord> {
  let conversation: Conversation | undefined;
  let number = 0;
  const start = (meta: Fields): Conversation => begin(meta, file);
  for await (const line of lines) {
    const entry = parse(line, skips);
    number++;
    if (entry === undefined) continue;
    if (conversation === undefined && isBare(entry)) {
      conversation = start({ ...entry, ...fieldsOf(entry['session']) });
      for (const item of listOf(entry['items']))
        yield* itemRecords(conversation, item, undefined, number++, skips);
      continue;
    }
    const payload = fieldsOf(entry['payload']);
    const at = isoOf(entry['timestamp']);
    if (entry['type'] === 'session_meta') {
      // A resumed session repeats the heads of those it goes on from.
      conversation ??= start({ timestamp: at, ...payload });
      continue;
    }
    conversation ??= start({ timestamp: at });
    if (entry['type'] === 'turn_context') conversation.model = stringOf(payload['model']);
    else if (entry['type'] === 'response_item') yield* itemRecords(conversation, payload, at, number, skips);
    else if (entry['type'] === 'compacted')
      yield* itemRecords(
        conversation,
        { type: 'message', role: 'system', content: payload['message'] },
        at,
        number,
        skips,
      );
    else if (entry['type'] === 'event_msg')
      skips.add('events: they repeat messages, or tell of the program itself');
    else if (entry['record_type'] !== undefined) skips.add('marks of the state of the program');
    else if (entry['payload'] === undefined) yield* itemRecords(conversation, entry, at, number, skips);
    else skips.add(`entries of type ${stringOf(entry['type']) ?? 'unknown'}: no messages`);
  }
}

/** The first line of older files, or the whole of the oldest. */
const isBare = (entry: Fields): boolean =>
  entry['type'] === undefined && (stringOf(entry['id']) !== undefined || entry['session'] !== undefined);

function begin(meta: Fields, file: string): Conversation {
  const startedAt = isoOf(meta['timestamp']) ?? new Date(0).toISOString();
  const parent = parentOf(meta);
  const git = fieldsOf(meta['git']);
  return {
    session: `codex/${stringOf(meta['id']) ?? path.basename(file).replace(/\.jsonl?(\.zst)?$/, '')}`,
    startedAt,
    about: given({
      source: 'codex',
      cwd: stringOf(meta['cwd']),
      version: stringOf(meta['cli_version']),
      originator: stringOf(meta['originator']),
      git_branch: stringOf(git['branch']),
      parent_session: parent === undefined ? undefined : `codex/${parent}`,
      sidechain: isSubAgent(meta) ? true : undefined,
    }),
    ...{ begun: false, model: undefined, lastAt: Date.parse(startedAt), calls: new Map() },
  };
}

const isSubAgent = ({ source }: Fields): boolean => fieldsOf(source)['subagent'] !== undefined;

/** The session that a sub-agent or a fork came from. */
function parentOf(meta: Fields): string | undefined {
  const spawn = fieldsOf(fieldsOf(fieldsOf(meta['source'])['subagent'])['thread_spawn']);
  return (
    stringOf(spawn['parent_thread_id']) ??
    stringOf(meta['parent_thread_id']) ??
    stringOf(meta['forked_from_id'])
  );
}

function* itemRecords(
  conversation: Conversation,
  item: Fields,
  at: string | undefined,
  number: number,
  skips: Skips,
): Generator<TranscriptRecord> {
  const { session, about, calls } = conversation;
  const said = spokenIn(item);
  if (said === undefined || said.text.trim() === '') {
    skips.add(`items of type ${stringOf(item['type']) ?? 'unknown'} without text`);
    return;
  }
  conversation.lastAt = at === undefined ? conversation.lastAt + 1 : Date.parse(at);
  const timestamp = new Date(conversation.lastAt).toISOString();
  if (!conversation.begun && said.sender === 'user' && !PREAMBLE.test(said.text)) {
    conversation.begun = true;
    const purpose = purposeOf(said.text);
    yield {
      ...{ record: 'session', session, purpose, created_by: 'user' },
      ...{ created_at: conversation.startedAt, metadata: about },
    };
  }
  const id = `item-${number}`;
  const call = stringOf(item['call_id']);
  const isOutput = said.sender === 'tool';
  const parent = call !== undefined && isOutput ? (calls.get(call) ?? null) : null;
  if (call !== undefined && !isOutput) calls.set(call, id);
  else if (call !== undefined) calls.delete(call);
  yield* messageRecords({
    ...{ id, session, timestamp, parent, sender: said.sender, content: said.text },
    metadata: given({
      source: 'codex',
      role: said.role,
      item: stringOf(item['type']) === 'message' ? undefined : stringOf(item['type']),
      tool: stringOf(item['name']),
      call_id: call,
      model: said.sender === 'codex' ? conversation.model : undefined,
      preamble: said.sender === 'user' && PREAMBLE.test(said.text) ? true : undefined,
      sidechain: about['sidechain'],
    }),
  });
}

interface Spoken {
  readonly sender: string;
  readonly role: string;
  readonly text: string;
}

function spokenIn(item: Fields): Spoken | undefined {
  const type = stringOf(item['type']) ?? '';
  const codex = (text: string): Spoken => ({ sender: 'codex', role: 'assistant', text });
  if (type === 'message' || (type === '' && item['role'] !== undefined)) {
    const role = stringOf(item['role']) ?? 'assistant';
    return { sender: role === 'assistant' ? 'codex' : role, role, text: textOf(item['content']) };
  }
  // Thoughts are mostly encrypted; what is left is their summary.
  if (type === 'reasoning') return codex(textOf(item['summary']) || textOf(item['content']));
  if (type.endsWith('_output')) return { sender: 'tool', role: 'tool', text: textOf(item['output']) };
  if (type === 'function_call' || type === 'custom_tool_call')
    return codex(`${stringOf(item['name']) ?? 'tool'} ${textOf(item['arguments'] ?? item['input'])}`);
  // local_shell_call, web_search_call, and whatever else acts.
  if (type.endsWith('_call'))
    return codex(`${type.replace(/_call$/, '')} ${JSON.stringify(item['action'] ?? {})}`);
  return undefined;
}

/** Text, or a list of parts with text; an object of an older version holds it as `content`. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) {
    const { content, output } = fieldsOf(value);
    return content === undefined && output === undefined ? '' : textOf(content ?? output);
  }
  return listOf(value)
    .map(
      (part) =>
        stringOf(part['text']) ??
        (/image/.test(stringOf(part['type']) ?? '') ? '[image]' : textOf(part['content'])),
    )
    .filter(Boolean)
    .join('\n\n');
}
