/**
 * The words of the index, packed: a million words take some 40 MB and are compared with a misspelt one in milliseconds.
 * Only words that people spell are kept: numbers, ids and pairs of scripts without spaces are found as they are or not at all.
 */
import { boundedDistance, createScratch } from './edit-distance.ts';

export interface NearWord {
  readonly word: string;
  readonly distance: number;
}

export interface Vocabulary {
  /** `id`: above 0. A word that nobody misspells is not kept. */
  add(word: string, id: number): void;
  /** 0: not known. */
  idOf(word: string): number;
  /** Known words within `max` edits, the word itself not among them. */
  near(word: string, max: number): readonly NearWord[];
  /** Known words that begin with `prefix` and are longer, shortest first, at most `limit`. */
  startingWith(prefix: string, limit: number): readonly string[];
  readonly size: number;
  /** Bytes that its arrays take. */
  readonly bytes: number;
}

const MIN_LENGTH = 3;
const MAX_LENGTH = 32;
const FIRST_CAPACITY = 64;
const LETTER = /\p{L}/u;
const HEX_OR_NUMBER = /^(?=.*\d)[\da-f_]+$/;

/** Whether a word is one that people spell, and so misspell. */
export function isSpelt(word: string): boolean {
  return (
    word.length >= MIN_LENGTH &&
    word.length <= MAX_LENGTH &&
    LETTER.test(word) &&
    !HEX_OR_NUMBER.test(word) &&
    (word.match(/\d+/g)?.length ?? 0) < 3
  );
}

/** The words of an indexed message that people spell: each once. */
export function speltWords({ text, parts }: { readonly text: string; readonly parts: string }): string[] {
  return [...new Set(`${text} ${parts}`.split(' '))].filter(isSpelt);
}

/** Words of one length. Open addressing over `slots` finds a word; 0 is a free slot, n stands for word n - 1. */
interface Bucket {
  count: number;
  units: Uint16Array;
  letters: Uint32Array;
  pairs: Uint32Array;
  ids: Uint32Array;
  slots: Uint32Array;
}

export function createVocabulary(): Vocabulary {
  const buckets: (Bucket | undefined)[] = [];
  const scratch = createScratch(MAX_LENGTH);
  let size = 0;

  function find(bucket: Bucket, units: Uint16Array): number {
    const mask = bucket.slots.length - 1;
    for (let slot = hashOf(units) & mask; ; slot = (slot + 1) & mask) {
      const index = (bucket.slots[slot] ?? 0) - 1;
      if (index === -1 || sameUnits(bucket.units, index * units.length, units)) return index;
    }
  }

  function insert(bucket: Bucket, units: Uint16Array, id: number): void {
    const index = bucket.count++;
    bucket.units.set(units, index * units.length);
    bucket.letters[index] = lettersOf(units);
    bucket.pairs[index] = pairsOf(units);
    bucket.ids[index] = id;
    claimSlot(bucket.slots, units, index);
    size++;
  }

  return {
    add(word, id) {
      if (!isSpelt(word)) return;
      const units = unitsOf(word);
      const bucket = withRoom(buckets[units.length], units.length);
      buckets[units.length] = bucket;
      if (find(bucket, units) === -1) insert(bucket, units, id);
    },

    idOf(word) {
      const bucket = buckets[word.length];
      if (bucket === undefined) return 0;
      return bucket.ids[find(bucket, unitsOf(word))] ?? 0;
    },

    near(word, max) {
      const units = unitsOf(word);
      const letters = lettersOf(units);
      const pairs = pairsOf(units);
      const found: NearWord[] = [];
      for (let length = Math.max(MIN_LENGTH, units.length - max); length <= units.length + max; length++) {
        const bucket = buckets[length];
        if (bucket === undefined) continue;
        for (let i = 0; i < bucket.count; i++) {
          // An edit changes at most two letters of the set, and six pairs (a swap in the middle of a word).
          if (bitCount((bucket.letters[i] ?? 0) ^ letters) > 2 * max) continue;
          if (bitCount((bucket.pairs[i] ?? 0) ^ pairs) > 6 * max) continue;
          const distance = boundedDistance(units, bucket.units, i * length, length, max, scratch);
          if (distance === 0 || distance > max) continue;
          found.push({ word: wordAt(bucket, i, length), distance });
        }
      }
      return found;
    },

    startingWith(prefix, limit) {
      const units = unitsOf(prefix);
      const letters = lettersOf(units);
      const pairs = pairsOf(units);
      const words: string[] = [];
      for (let length = units.length + 1; length < buckets.length; length++) {
        const bucket = buckets[length];
        if (bucket === undefined) continue;
        for (let i = 0; i < bucket.count; i++) {
          if ((letters & ~(bucket.letters[i] ?? 0)) !== 0 || (pairs & ~(bucket.pairs[i] ?? 0)) !== 0)
            continue;
          if (!sameUnits(bucket.units, i * length, units)) continue;
          if (words.push(wordAt(bucket, i, length)) === limit) return words;
        }
      }
      return words;
    },

    get size() {
      return size;
    },
    get bytes() {
      return buckets.reduce((sum, bucket) => sum + (bucket === undefined ? 0 : bytesOf(bucket)), 0);
    },
  };
}

function unitsOf(word: string): Uint16Array {
  const units = new Uint16Array(word.length);
  for (let i = 0; i < word.length; i++) units[i] = word.charCodeAt(i);
  return units;
}

function hashOf(units: Uint16Array): number {
  let hash = 0x811c9dc5;
  for (const unit of units) hash = Math.imul(hash ^ unit, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** The letters of a word as a set of bits. */
function lettersOf(units: Uint16Array): number {
  let bits = 0;
  for (const unit of units) bits |= 1 << (unit >= 97 && unit <= 122 ? unit - 97 : 26 + (unit % 6));
  return bits >>> 0;
}

/** The pairs of neighbours of a word as a set of bits. */
function pairsOf(units: Uint16Array): number {
  let bits = 0;
  for (let i = 1; i < units.length; i++)
    bits |= 1 << (((units[i - 1] ?? 0) * 31 + (units[i] ?? 0) * 17) & 31);
  return bits >>> 0;
}

function bitCount(bits: number): number {
  let sum = bits - ((bits >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function sameUnits(units: Uint16Array, offset: number, wanted: Uint16Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (units[offset + i] !== wanted[i]) return false;
  return true;
}

function wordAt({ units }: Bucket, index: number, length: number): string {
  return String.fromCharCode(...units.subarray(index * length, (index + 1) * length));
}

function claimSlot(slots: Uint32Array, units: Uint16Array, index: number): void {
  const mask = slots.length - 1;
  let slot = hashOf(units) & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = index + 1;
}

/** The bucket, or one of twice its capacity if it is full. At most half of its slots are taken. */
function withRoom(bucket: Bucket | undefined, length: number): Bucket {
  if (bucket !== undefined && bucket.count < bucket.ids.length) return bucket;
  const capacity = bucket === undefined ? FIRST_CAPACITY : bucket.ids.length * 2;
  const grown: Bucket = {
    count: bucket?.count ?? 0,
    units: new Uint16Array(capacity * length),
    letters: new Uint32Array(capacity),
    pairs: new Uint32Array(capacity),
    ids: new Uint32Array(capacity),
    slots: new Uint32Array(capacity * 2),
  };
  if (bucket === undefined) return grown;
  grown.units.set(bucket.units);
  grown.letters.set(bucket.letters);
  grown.pairs.set(bucket.pairs);
  grown.ids.set(bucket.ids);
  for (let i = 0; i < grown.count; i++) {
    claimSlot(grown.slots, grown.units.subarray(i * length, (i + 1) * length), i);
  }
  return grown;
}

function bytesOf({ units, letters, pairs, ids, slots }: Bucket): number {
  return [units, letters, pairs, ids, slots].reduce((sum, array) => sum + array.byteLength, 0);
}
