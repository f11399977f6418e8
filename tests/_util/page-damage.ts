/** What becomes of a page of a database: each answers the bytes of the damaged file. */
import Database from 'better-sqlite3';

/** `some` answers where a page begins that may be damaged. */
export type Damage = (bytes: Buffer, some: () => number, random: () => number) => Buffer;

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;

/**
 * Where the pages begin of which SQLite can know that they are damaged: all but the first, whose damage is another, and those
 * that hold nothing but the further bytes of long values, for which there is no checksum.
 */
export function structuredPages(path: string): readonly number[] {
  const db = new Database(path, { readonly: true });
  try {
    const pages = db.prepare<[], number>(
      "SELECT pageno FROM dbstat WHERE pageno > 1 AND pagetype <> 'overflow'",
    );
    return pages
      .pluck()
      .all()
      .map((page) => PAGE_BYTES * (page - 1));
  } finally {
    db.close();
  }
}

function noise(length: number, random: () => number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

export const DAMAGES: readonly (readonly [name: string, damage: Damage])[] = [
  [
    'zeroed',
    (bytes, some) => {
      const at = some();
      return bytes.fill(0, at, at + PAGE_BYTES);
    },
  ],
  [
    'noise',
    (bytes, some, random) => {
      noise(PAGE_BYTES, random).copy(bytes, some());
      return bytes;
    },
  ],
  [
    'written to another place',
    (bytes, some) => {
      const from = some();
      bytes.copy(bytes, some(), from, from + PAGE_BYTES);
      return bytes;
    },
  ],
  [
    'its first half zeroed',
    (bytes, some) => {
      const at = some();
      return bytes.fill(0, at, at + PAGE_BYTES / 2);
    },
  ],
  [
    'a sector of its head lost',
    (bytes, some) => {
      const at = some();
      return bytes.fill(0, at, at + SECTOR_BYTES);
    },
  ],
  [
    'the first one zeroed',
    (bytes, _some, random) => bytes.fill(0, 0, random() < 0.5 ? SECTOR_BYTES : PAGE_BYTES),
  ],
  ['the end cut off', (bytes, some, random) => bytes.subarray(0, some() + Math.floor(random() * PAGE_BYTES))],
];
