/** Imported records before they are stored, as whoever may change or refuse writes sees them. */
import type { Ctx } from '../../context.ts';
import type { Gates } from '../before.ts';
import { demandMetadataFits, tooLarge, type Limits } from '../limits.ts';
import { demandContentFits, toWrite } from '../messages/insert.ts';
import { homeWorkspace } from '../sessions/service.ts';
import type { ImportedRecord } from './record.ts';

/** @throws HubError where the record is refused, or is larger than it may be when it has been changed. */
export async function gateRecord(
  gates: Gates,
  ctx: Ctx,
  record: ImportedRecord,
  limits: Limits,
): Promise<ImportedRecord> {
  const workspace = homeWorkspace(ctx.principal);
  if (record.record === 'message') {
    const write = toWrite(record.externalSession, record);
    const message = { ...record, ...(await gates['message.add']?.(ctx, workspace, write)) };
    demandContentFits(message.content, limits);
    demandMetadataFits(message.metadata, limits);
    return message;
  }
  if (record.record === 'session') {
    const { purpose, metadata } = record;
    const session = {
      ...record,
      ...(await gates['session.create']?.(ctx, workspace, { purpose, metadata })),
    };
    demandMetadataFits(session.metadata, limits);
    return session;
  }
  const { key, agent, externalSession, metadata } = record;
  const write = { key, scope: agent === null ? 'shared' : 'agent', session_id: externalSession } as const;
  const value: unknown = JSON.parse(record.value);
  const changes = await gates['memory.set']?.(ctx, workspace, { ...write, value, metadata });
  if (changes === undefined) return record;
  const entry = {
    ...record,
    metadata,
    ...changes,
    value: JSON.stringify('value' in changes ? changes.value : value),
  };
  const bytes = Buffer.byteLength(entry.value);
  if (bytes > limits.maxMemoryValueBytes)
    throw tooLarge('value', bytes, `at most ${limits.maxMemoryValueBytes} bytes of JSON`);
  demandMetadataFits(entry.metadata, limits);
  return entry;
}
