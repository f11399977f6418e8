/** What a disk holds after its power was cut: all that was synced, and of the rest whatever chance left. */
import type { Note } from './disk-shim.ts';

/** Disks write whole sectors. */
const SECTOR_BYTES = 512;

/** What becomes of the writes that nobody has synced. */
export const FATES = ['dropped', 'kept', 'some', 'torn'] as const;
export type Fate = (typeof FATES)[number];

/** The content of a file that was `base` before the `notes`. */
export function afterPowerCut(
  base: Buffer,
  notes: readonly Note[],
  fate: Fate,
  random: () => number,
): Buffer {
  const syncedUpTo = notes.reduce((upTo, { call, offset }) => (call === 'sync' ? offset : upTo), 0);
  const survives = (): boolean => fate === 'kept' || (fate !== 'dropped' && random() < 0.5);
  const kept = notes.flatMap((note): readonly Note[] => {
    if (note.call === 'sync') return [];
    if (note.at < syncedUpTo) return [note];
    if (fate === 'torn' && note.call === 'write') return sectors(note).filter(survives);
    return survives() ? [note] : [];
  });
  return written(base, kept);
}

function sectors(note: Note): readonly Note[] {
  const parts: Note[] = [];
  for (let from = 0; from < note.data.length;) {
    const to = from + SECTOR_BYTES - ((note.offset + from) % SECTOR_BYTES);
    parts.push({ ...note, offset: note.offset + from, data: note.data.subarray(from, to) });
    from = to;
  }
  return parts;
}

function written(base: Buffer, notes: readonly Note[]): Buffer {
  const room = notes.reduce((size, { offset, data }) => Math.max(size, offset + data.length), base.length);
  const bytes = Buffer.alloc(room);
  let length = base.copy(bytes);
  for (const { call, offset, data } of notes) {
    if (call === 'truncate') {
      bytes.fill(0, offset);
      length = offset;
    } else {
      length = Math.max(length, offset + data.copy(bytes, offset));
    }
  }
  return bytes.subarray(0, length);
}
