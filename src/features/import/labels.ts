/**
 * What the hub writes into the metadata of imported messages and sessions, beside what was there: names that another system
 * gave. An export takes it out again.
 */
import type { JsonObject } from '../../store/port.ts';

/** Metadata that has one of these names itself lies below the last one. */
const LABELS = [
  'imported',
  'external_id',
  'external_session',
  'external_creator',
  'kind',
  'sender_type',
] as const;
const NESTED = 'external_metadata';
type Label = (typeof LABELS)[number];
export type Labels = Readonly<Partial<Record<Label, unknown>>>;

export function withLabels(metadata: JsonObject, labels: Labels): JsonObject {
  const clashes = [...LABELS, NESTED].some((name) => Object.hasOwn(metadata, name));
  return { ...(clashes ? { [NESTED]: metadata } : metadata), ...labels };
}

/** Undoes {@link withLabels}. */
export function splitLabels(labelled: JsonObject): {
  readonly metadata: JsonObject;
  readonly labels: Labels;
} {
  const isLabel = ([name]: readonly [string, unknown]): boolean => LABELS.some((label) => label === name);
  const entries = Object.entries(labelled);
  const metadata = Object.fromEntries(entries.filter((entry) => !isLabel(entry)));
  const nested = metadata[NESTED];
  return {
    metadata: typeof nested === 'object' && nested !== null ? (nested as JsonObject) : metadata,
    labels: Object.fromEntries(entries.filter(isLabel)),
  };
}
