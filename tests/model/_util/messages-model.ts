/** Sessions, messages, who sees them, what is unread, and cursors, in the words of the README: nothing of the hub's own code. */
import type { Visibility } from '../../../src/store/port.ts';
import { CAST, type ActorName } from './actors.ts';

export interface ModelSession {
  readonly id: string;
  readonly by: ActorName;
  isActive: boolean;
  purpose: string;
  /** The hub's own, for what operators tell single agents. */
  readonly notices?: true;
}

export interface NewMessage {
  readonly session: ModelSession;
  readonly by: ActorName;
  readonly to: readonly string[];
  /** Agents that the text mentions. */
  readonly mentions: readonly string[];
  readonly parent: ModelMessage | null;
  readonly messageType: string;
  readonly visibility: Visibility;
}

export interface ModelMessage extends Omit<NewMessage, 'visibility'> {
  readonly id: number;
  visibility: Visibility;
}

/** What happened to a message. A post is seen by whoever sees the message now. */
interface Happening {
  readonly message: ModelMessage;
  readonly change?: { readonly from: Visibility; readonly to: Visibility };
}

export interface ModelCursor {
  readonly text: string;
  readonly of: ActorName;
  readonly position: number;
  readonly shown: readonly ModelMessage[];
}

export interface Waited {
  readonly messages: readonly ModelMessage[];
  readonly timedOut: boolean;
  readonly position: number;
}

/** A recipient that nobody is. */
export const NOBODY = 'nobody';
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
export const inSight = (by: ActorName, session: ModelSession): boolean =>
  CAST[by].wall === CAST[session.by].wall;
const isNamed = (by: ActorName, names: readonly string[]): boolean =>
  names.some((name) => same(name, CAST[by].agent) || same(name, `type:${CAST[by].type}`));

/** Whether there is no such agent on the session's side of the wall. */
export const isUnknown = (name: string, session: ModelSession): boolean =>
  !name.startsWith('type:') &&
  !Object.values(CAST).some(({ agent, wall }) => same(agent, name) && wall === CAST[session.by].wall);

const isForUnknown = ({ to, session }: Pick<NewMessage, 'to' | 'session'>): boolean =>
  to.some((name) => isUnknown(name, session));

/** Whether `by` sees the message, or would if its visibility were another. */
export function sees(by: ActorName, message: ModelMessage, visibility = message.visibility): boolean {
  if (!inSight(by, message.session)) return false;
  if (CAST[by].admin || visibility === 'public') return true;
  if (visibility === 'agent_only') return same(CAST[by].type, CAST[message.by].type);
  return visibility === 'private' && (by === message.by || isNamed(by, message.to));
}

export function isAddressed(
  by: ActorName,
  { by: sender, to, mentions, parent, session }: ModelMessage,
): boolean {
  if (by === sender || !inSight(by, session)) return false;
  const replied = parent === null ? [] : [CAST[parent.by].agent];
  return isNamed(by, [...to, ...mentions, ...replied]);
}

export const rootOf = (message: ModelMessage): ModelMessage =>
  message.parent === null ? message : rootOf(message.parent);

export class MessagesModel {
  readonly sessions: ModelSession[] = [];
  readonly messages: ModelMessage[] = [];
  readonly cursors: ModelCursor[] = [];
  readonly #log: Happening[] = [];
  readonly #acknowledged = new Map<ActorName, Set<ModelMessage>>();

  /** Where a reader is that has seen all. */
  get end(): number {
    return this.#log.length;
  }

  /** What posting ends with; undefined: success. */
  refusalOf(message: NewMessage): string | undefined {
    const { session, by, visibility, parent } = message;
    if (!inSight(by, session)) return 'SESSION_NOT_FOUND';
    if (visibility === 'admin_only' && !CAST[by].admin) return 'PERMISSION_DENIED';
    if (!session.isActive) return 'SESSION_CLOSED';
    if (parent !== null && !sees(by, parent)) return 'MESSAGE_NOT_FOUND';
    if (parent !== null && parent.session !== session) return 'INVALID_INPUT';
    return visibility === 'private' && isForUnknown(message) ? 'AGENT_NOT_FOUND' : undefined;
  }

  add(id: number, message: NewMessage): void {
    const stored = { ...message, id };
    this.messages.push(stored);
    this.#log.push({ message: stored });
  }

  refusalOfChange(by: ActorName, message: ModelMessage, to: Visibility): string | undefined {
    if (to === 'admin_only' && !CAST[by].admin) return 'PERMISSION_DENIED';
    if (!sees(by, message)) return 'MESSAGE_NOT_FOUND';
    if (by !== message.by && !CAST[by].admin) return 'PERMISSION_DENIED';
    return to === 'private' && isForUnknown(message) ? 'AGENT_NOT_FOUND' : undefined;
  }

  change(message: ModelMessage, to: Visibility): void {
    if (to !== message.visibility) this.#log.push({ message, change: { from: message.visibility, to } });
    message.visibility = to;
  }

  /** Oldest first. */
  seenBy(by: ActorName, session?: ModelSession): ModelMessage[] {
    return this.messages.filter(
      (message) => (session === undefined || message.session === session) && sees(by, message),
    );
  }

  /** Oldest first. */
  unreadOf(by: ActorName): ModelMessage[] {
    const over = this.#acknowledged.get(by);
    return this.seenBy(by).filter((message) => isAddressed(by, message) && over?.has(message) !== true);
  }

  /** Acknowledges what a cursor's answer showed, if it is given back by whom it was given to. */
  giveBack(by: ActorName, { of, shown }: ModelCursor): void {
    if (by !== of) return;
    const unread = new Set(this.unreadOf(by));
    const over = this.#acknowledged.get(by) ?? new Set();
    for (const message of shown) if (unread.has(message)) over.add(message);
    this.#acknowledged.set(by, over);
  }

  /** What a wait that is over at once answers: what is unread and behind the reader, then what is new to it. */
  wait(
    by: ActorName,
    asked: {
      readonly session?: ModelSession;
      readonly cursor?: ModelCursor;
      limit: number;
      addressedOnly: boolean;
    },
  ): Waited {
    const { session, cursor, limit, addressedOnly } = asked;
    const unread = this.unreadOf(by).filter(
      (message) => session === undefined || message.session === session,
    );
    const postOf = (message: ModelMessage): number =>
      this.#log.findIndex((one) => one.message === message && one.change === undefined);
    const [first] = unread;
    const from = cursor?.position ?? (first === undefined ? this.#log.length : postOf(first));
    const again = unread.filter((message) => addressedOnly || postOf(message) < from).slice(0, limit);
    if (addressedOnly || again.length === limit)
      return { messages: again, timedOut: again.length === 0, position: from };
    const found: { message: ModelMessage; next: number }[] = [];
    let othersSpoke = false;
    let isFull = false;
    for (const [index, { message, change }] of this.#log.entries()) {
      if (index < from || (session !== undefined && message.session !== session)) continue;
      const isNews =
        change === undefined || (sees(by, message, change.to) && !sees(by, message, change.from));
      if (!isNews || !sees(by, message) || found.some((one) => one.message === message)) continue;
      if (message.by !== by) othersSpoke = true;
      if (found.length < limit) found.push({ message, next: index + 1 });
      else isFull = true;
    }
    const fresh = found.filter(({ message }) => !again.includes(message));
    const chosen = fresh.slice(0, limit - again.length);
    const isAll = chosen.length === fresh.length;
    const lastShown = isAll ? found.at(-1)?.next : (chosen.at(-1)?.next ?? from);
    return {
      messages: [...again, ...chosen.map(({ message }) => message)],
      timedOut: again.length === 0 && !othersSpoke,
      position: isAll && !isFull ? this.#log.length : (lastShown ?? from),
    };
  }
}
