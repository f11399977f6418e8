/** What is posted and kept in the world of the leak matrix, and who may see it besides operators. */
import type { Visibility } from '../../../src/store/port.ts';
import { READERS, type MemberName, type Role } from './leak-cast.ts';

export type Place = 'main' | 'quiet' | 'scratch' | 'foreign';

export interface Line {
  readonly by: MemberName;
  readonly in: Place;
  readonly args?: {
    readonly visibility?: Visibility;
    readonly to?: readonly string[];
    readonly message_type?: string;
    readonly pinned?: boolean;
    readonly idempotency_key?: string;
  };
  /** The line that it answers. */
  readonly parent?: string;
  readonly then?: { readonly by: MemberName; readonly visibility: Visibility };
  /** In the end. */
  readonly sees: readonly Role[];
}

/** An idempotency key of the sender's. */
export const USED_KEY = 'used-by-sender';
const RECIPIENT = 'cnry-recipient-id';
const TARGET = 'type:cnry-target-type';
const sender = { by: 'sender', in: 'main' } as const;
const admin = { by: 'admin', in: 'main' } as const;
const ghost = { by: 'ghost', in: 'main' } as const;
const KIN = ['sender', 'sameType'] as const;
const now = (visibility: Visibility, by: MemberName = 'sender') => ({ by, visibility });

export const LINES = {
  'public-none': { ...sender, sees: READERS },
  'public-to': { ...sender, args: { to: ['nobody-there', 'type:whoever'] }, sees: READERS },
  'private-none': { ...sender, args: { visibility: 'private', idempotency_key: USED_KEY }, sees: ['sender'] },
  'private-one': {
    ...sender,
    args: { visibility: 'private', to: [RECIPIENT] },
    sees: ['sender', 'recipient'],
  },
  'private-type': {
    ...sender,
    args: { visibility: 'private', to: [TARGET] },
    sees: ['sender', 'recipientByType'],
  },
  'private-both': {
    ...sender,
    args: { visibility: 'private', to: [RECIPIENT, TARGET] },
    sees: ['sender', 'recipient', 'recipientByType'],
  },
  'private-own-type': {
    ...sender,
    args: { visibility: 'private', to: ['type:cnry-coder-type'] },
    sees: KIN,
  },
  'private-sibling': { by: 'sibling', in: 'main', args: { visibility: 'private' }, sees: ['sibling'] },
  'agent-none': { ...sender, args: { visibility: 'agent_only', pinned: true }, sees: KIN },
  'agent-to': { ...sender, args: { visibility: 'agent_only', to: [RECIPIENT, TARGET] }, sees: KIN },
  'admin-none': { ...admin, args: { visibility: 'admin_only' }, sees: [] },
  'admin-to': { ...admin, args: { visibility: 'admin_only', to: [RECIPIENT] }, sees: [] },
  'ghost-private': {
    ...ghost,
    args: { visibility: 'private', message_type: 'question', pinned: true },
    sees: ['ghost'],
  },
  'ghost-agent': { ...ghost, args: { visibility: 'agent_only', message_type: 'decision' }, sees: ['ghost'] },
  'ghost-quiet': { by: 'ghost', in: 'quiet', args: { visibility: 'private' }, sees: ['ghost'] },
  // Changed from one to the other.
  'public-private': { ...sender, then: now('private'), sees: ['sender'] },
  'public-private-to': {
    ...sender,
    args: { to: [RECIPIENT] },
    then: now('private'),
    sees: ['sender', 'recipient'],
  },
  'public-agent': { ...sender, then: now('agent_only'), sees: KIN },
  'public-admin': { ...sender, then: now('admin_only', 'admin'), sees: [] },
  'private-public': { ...sender, args: { visibility: 'private' }, then: now('public'), sees: READERS },
  'private-agent': {
    ...sender,
    args: { visibility: 'private', to: [RECIPIENT] },
    then: now('agent_only'),
    sees: KIN,
  },
  'agent-private': {
    ...sender,
    args: { visibility: 'agent_only', to: [RECIPIENT] },
    then: now('private'),
    sees: ['sender', 'recipient'],
  },
  'agent-public': { ...sender, args: { visibility: 'agent_only' }, then: now('public'), sees: READERS },
  'admin-public': {
    ...admin,
    args: { visibility: 'admin_only' },
    then: now('public', 'admin'),
    sees: READERS,
  },
  // Threads of which a part is hidden.
  'hidden-root': { ...sender, args: { visibility: 'private' }, sees: ['sender'] },
  'public-reply': { ...sender, parent: 'hidden-root', sees: READERS },
  'reply-to-reply': { by: 'otherType', in: 'main', parent: 'public-reply', sees: READERS },
  'hidden-reply': {
    ...sender,
    args: { visibility: 'private', to: [RECIPIENT] },
    parent: 'public-none',
    sees: ['sender', 'recipient'],
  },
  // The other workspace.
  'foreign-public': { by: 'stranger', in: 'foreign', sees: ['stranger'] },
  'foreign-private': { by: 'stranger', in: 'foreign', args: { visibility: 'private' }, sees: ['stranger'] },
  'foreign-admin': { by: 'strangeAdmin', in: 'foreign', args: { visibility: 'admin_only' }, sees: [] },
  'foreign-star': { by: 'everywhere', in: 'foreign', args: { visibility: 'private' }, sees: [] },
} as const satisfies Record<string, Line>;

export type LineName = keyof typeof LINES;

export interface Cell {
  readonly by: MemberName;
  readonly scope: 'agent' | 'shared';
  readonly place?: Place;
}

export const CELLS: Readonly<Record<string, Cell>> = {
  'cell-own': { by: 'sender', scope: 'agent' },
  'cell-own-main': { by: 'sender', scope: 'agent', place: 'main' },
  'cell-ghost': { by: 'ghost', scope: 'agent' },
  'cell-sibling': { by: 'sibling', scope: 'agent' },
  'cell-shared': { by: 'sender', scope: 'shared' },
  'cell-shared-main': { by: 'sender', scope: 'shared', place: 'main' },
  'cell-foreign': { by: 'stranger', scope: 'agent' },
  'cell-foreign-main': { by: 'stranger', scope: 'agent', place: 'foreign' },
  'cell-foreign-shared': { by: 'stranger', scope: 'shared' },
};
