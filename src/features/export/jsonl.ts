/** JSON lines as an import reads them: what was exported and imported again is exported as the same lines. */
import type { JsonObject, MemoryRow, MessageRow, SessionRow } from '../../store/port.ts';
import { splitLabels, type Labels } from '../import/labels.ts';
import { externalNameOf } from '../import/store-records.ts';
import type { MemoryPiece } from './memory.ts';
import type { ExportPiece, Parent } from './service.ts';

type MessagesPiece = Extract<ExportPiece, { readonly messages: unknown }>;
interface Labelled {
  readonly metadata: JsonObject;
  readonly labels: Labels;
}

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** `epoch` tells the messages of this hub from those with the same ids in others. */
export function jsonLines(epoch: string): (piece: ExportPiece) => string {
  /** What a message is called outside of this hub: an imported one keeps the id it came with. */
  function externalId({ id, imported, metadata }: Parent): string {
    const known = imported ? splitLabels(metadata).labels.external_id : undefined;
    return typeof known === 'string' ? known : `${id}@${epoch}`;
  }

  function messageLine(message: MessageRow, { sessions, parents }: MessagesPiece): object {
    const { imported, sessionId, senderType, messageType, parentId } = message;
    const { metadata, labels }: Labelled = imported
      ? splitLabels(message.metadata)
      : { metadata: message.metadata, labels: { sender_type: senderType } };
    const session = sessions.get(sessionId);
    const parent = parentId === null ? undefined : parents.get(parentId);
    return {
      id: externalId(message),
      session: session === undefined ? sessionId : externalNameOf(session),
      sender: message.sender,
      ...(labels.sender_type === undefined ? {} : { sender_type: labels.sender_type }),
      timestamp: isoTime(message.createdAt),
      content: message.content,
      parent: parent === undefined ? null : externalId(parent),
      to: message.to,
      visibility: message.visibility,
      kind: labels.kind ?? messageType,
      pinned: message.pinned,
      metadata,
    };
  }

  function linesOf(piece: ExportPiece): readonly object[] {
    if ('session' in piece) return [sessionLine(piece.session)];
    if ('memory' in piece) return piece.memory.map((entry) => memoryLine(entry, piece));
    return piece.messages.map((message) => messageLine(message, piece));
  }

  return (piece) =>
    linesOf(piece)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
}

function memoryLine(entry: MemoryRow, { owner, sessions }: MemoryPiece): object {
  const { sessionId, key, value, version, updatedBy, createdAt, updatedAt, expiresAt, metadata } = entry;
  const session = sessionId === null ? undefined : sessions.get(sessionId);
  return {
    ...{ record: 'memory', ...(owner === null ? { scope: 'shared' } : { agent: owner }) },
    session: session === undefined ? sessionId : externalNameOf(session),
    key,
    value: JSON.parse(value) as unknown,
    version,
    updated_by: updatedBy,
    created_at: isoTime(createdAt),
    updated_at: isoTime(updatedAt),
    expires_at: expiresAt === null ? null : isoTime(expiresAt),
    metadata,
  };
}

function sessionLine(session: SessionRow): object {
  const { sessionId, purpose, createdBy, createdAt, isActive } = session;
  const name = externalNameOf(session);
  const { metadata, labels }: Labelled =
    name === sessionId ? { metadata: session.metadata, labels: {} } : splitLabels(session.metadata);
  return {
    record: 'session',
    session: name,
    purpose,
    created_by: labels.external_creator ?? createdBy,
    created_at: isoTime(createdAt),
    is_active: isActive,
    metadata,
  };
}
