/** Takes back what `connect` has written into one file. */
import { bytesFor, removeWhole, sha256, snapshot, writeWhole } from './files.ts';
import { editsOf } from './apply.ts';
import { dropCopies, type Ledger, type Recorded } from './ledger.ts';
import { SYNTAXES, takenBack } from '../../features/connect/syntax.ts';

export type Undone =
  /** Byte for byte as it was. */
  | 'restored'
  /** It was changed since: only what connect wrote is taken out. */
  | 'removed'
  /** Nothing of what connect wrote is left in it. */
  | 'gone';

/** @throws UneditableError if the file cannot be read, understood or written; its record stays then. */
export async function undo(ledger: Ledger, record: Recorded): Promise<Undone> {
  const result = await restore(ledger, record);
  ledger.files = ledger.files.filter((one) => one !== record);
  await ledger.save();
  if (record.before !== null) await dropCopies(ledger, [record.before.sha256]);
  return result;
}

async function restore(ledger: Ledger, record: Recorded): Promise<Undone> {
  const { path, before, made } = record;
  const now = await snapshot(path);
  if (now.bytes === null) return 'gone';
  const sha = sha256(now.bytes);
  if (sha === record.after) {
    if (before === null) await removeWhole(path, made);
    else await writeWhole(path, await ledger.kept(before.sha256), before.mode);
    return 'restored';
  }
  if (sha === before?.sha256) return 'gone';
  const original = before === null ? '' : (await ledger.kept(before.sha256)).toString();
  const without = takenBack(SYNTAXES[record.syntax], now.text, editsOf(record), original);
  if (without === undefined) return 'gone';
  if (before === null && ['', '{}'].includes(without.trim())) await removeWhole(path, made);
  else await writeWhole(path, bytesFor(now, without), now.mode ?? before?.mode ?? 0o600);
  return 'removed';
}
