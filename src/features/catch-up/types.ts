/** What a catch-up is made of and what it says. */
import type { MessageRow } from '../../store/port.ts';

/** Messages that speak to the caller and that it has not acknowledged. */
export interface Unread {
  readonly count: number;
  /** Oldest first. */
  readonly messages: readonly MessageRow[];
}

/** One thing that is told: a message, a lease, a memory entry, a session. */
export interface Item {
  /** Markdown that ends with a line end. */
  readonly text: string;
  /** The unread message that it shows in full. */
  readonly shows?: number;
  /** Whether it tells less than there is. */
  readonly cut?: true;
}

export interface Section {
  readonly heading: string;
  /** The most important first. */
  readonly items: readonly Item[];
  /** What is there besides the items. */
  readonly beyond: number;
  /** How so many that were left out are called, and the tool that has them. */
  readonly rest: (left: number) => string;
  /** The part of the budget that others leave to it, 0–1. */
  readonly share: number;
  /** What was left out matters: a section of samples leaves out what it likes. */
  readonly matters: boolean;
}

export interface Composed {
  readonly text: string;
  readonly tokens: number;
  /** Whether anything that matters was left out or shortened. */
  readonly truncated: boolean;
  /** Unread messages that the text holds in full. */
  readonly shown: readonly number[];
}
