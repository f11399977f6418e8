/** What there is to catch up with, read in one go and bounded: what is told of it is decided elsewhere. */
import type { Ctx } from '../../context.ts';
import {
  ALL_WORKSPACES,
  type ChangedMemory,
  type MessageRow,
  type Note,
  type SessionLabel,
  type Sight,
  type Store,
} from '../../store/port.ts';
import { agentAudience, sightOf, sightOfPublic } from '../messages/visibility.ts';
import { homeWorkspace, requireSession } from '../sessions/service.ts';
import type { Unread } from './types.ts';

/** Sessions that a look at all of them tells of. */
const MAX_SESSIONS = 5;
/** Of these, newest ones in which the caller has no part. */
const MAX_FOREIGN = 3;
export const MAX_UNREAD = 50;
const MAX_NOTES = 40;
/** Questions of a session that are looked at for replies. */
const MAX_QUESTIONS = 50;
const MAX_RECENT = 40;
/** Recent messages are shown by their beginnings. */
const RECENT_BYTES = 200_000;
const MAX_MEMORY = 20;
const VALUE_CHARS = 200;

export interface State {
  readonly you: { readonly agentId: string; readonly agentType: string };
  readonly sessions: readonly SessionLabel[];
  readonly unread: Unread;
  /** Pinned messages, decisions and handoffs: pinned first, then newest first. */
  readonly notes: readonly MessageRow[];
  /** Those that nobody else has answered, newest first. */
  readonly questions: readonly MessageRow[];
  /** Notes and questions that are known to be there and were not read. */
  readonly moreNotes: number;
  /** Newest change first. */
  readonly memory: readonly ChangedMemory[];
  /** Newest first. */
  readonly recent: readonly MessageRow[];
  readonly olderThanRecent: boolean;
  /** Id of the caller's last message in these sessions. */
  readonly lastOwn: number | undefined;
}

export interface StateDeps {
  readonly store: Pick<Store, 'read'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly unreadOf: (ctx: Ctx, sessionId: string | undefined, limit: number) => Promise<Unread>;
}

/** @throws HubError SESSION_NOT_FOUND */
export async function readState(deps: StateDeps, ctx: Ctx, sessionId: string | undefined): Promise<State> {
  const { read } = deps.store;
  const { principal } = ctx;
  const sight = sightOf(principal);
  const asked = sessionId === undefined ? undefined : await requireSession(read, ctx, sessionId);
  const unread = await deps.unreadOf(ctx, sessionId, MAX_UNREAD);
  const posted = await read.overview.posted({
    ...{ workspace: principal.workspace, agentId: principal.agentId, sight, limit: 1000 },
  });
  const pks =
    asked === undefined
      ? await sessionsThatMatter(deps, sight, [
          ...unread.messages.map(({ sessionPk }) => sessionPk).reverse(),
          ...posted.map(({ sessionPk }) => sessionPk),
        ])
      : [asked.pk];
  const labels = await read.sessions.labels(principal.workspace, pks);
  const found = await Promise.all(pks.map(async (pk) => notesOf(deps, sight, pk)));
  const notes = mostImportant(found.flatMap((one) => one.notes));
  const open = found.flatMap((one) => one.open).sort((a, b) => b - a);
  const shownNotes = notes.slice(0, MAX_NOTES);
  const shownOpen = open.slice(0, MAX_NOTES);
  const noteRows = await read.messages.rows(
    shownNotes.map(({ id }) => id),
    sight,
  );
  const questions = await read.messages.rows(shownOpen, sight);
  const pages = await Promise.all(
    pks.map((sessionPk) =>
      read.messages.page({
        ...{ sessionPk, sight, limit: Math.ceil(MAX_RECENT / pks.length) },
        maxBytes: Math.ceil(RECENT_BYTES / pks.length),
      }),
    ),
  );
  return {
    you: principal,
    sessions: pks.flatMap((pk) => labels.find((label) => label.pk === pk) ?? []),
    unread,
    notes: noteRows,
    questions,
    moreNotes: notes.length - noteRows.length + (open.length - questions.length),
    memory: await changedMemory(deps, ctx, asked?.workspace, pks),
    recent: pages.flatMap(({ messages }) => messages).sort((a, b) => b.id - a.id),
    olderThanRecent: pages.some(({ more }) => more),
    lastOwn: posted.find(({ sessionPk }) => pks.includes(sessionPk))?.lastId,
  };
}

/** Those that matter to the caller, in the order given, then the newest. */
async function sessionsThatMatter(
  { store: { read } }: StateDeps,
  sight: Sight,
  own: readonly number[],
): Promise<readonly number[]> {
  const mine = [...new Set(own)].slice(0, MAX_SESSIONS);
  const { sessions } = await read.sessions.page({ sight, limit: MAX_SESSIONS });
  const others = sessions.map(({ pk }) => pk).filter((pk) => !mine.includes(pk));
  return [...mine, ...others.slice(0, Math.max(0, MAX_FOREIGN - mine.length))];
}

async function notesOf(
  { store: { read } }: StateDeps,
  sight: Sight,
  sessionPk: number,
): Promise<{ readonly notes: readonly Note[]; readonly open: readonly number[] }> {
  const all = await read.overview.notes({ sessionPk, sight });
  const questions = all.filter(({ kind }) => kind === 'question').slice(0, MAX_QUESTIONS);
  return {
    notes: all.filter(({ kind, pinned }) => pinned || kind !== 'question'),
    open: await read.overview.unanswered(
      questions.map(({ id }) => id),
      sight,
    ),
  };
}

function mostImportant(notes: readonly Note[]): readonly Note[] {
  return [...notes].sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.id - a.id);
}

/** Shared entries and the caller's own. An operator of all workspaces is told of no one's. */
async function changedMemory(
  { store: { read }, now }: StateDeps,
  { principal }: Ctx,
  of: string | undefined,
  pks: readonly number[],
): Promise<readonly ChangedMemory[]> {
  const workspace = of ?? homeWorkspace(principal);
  const where = { workspace, sessions: [null, ...pks], now: now(), chars: VALUE_CHARS };
  const [shared = ''] = sightOfPublic({ workspace }).audiences;
  const found = [...(await read.memory.changed({ ...where, agentPk: null, audience: shared }))];
  const agent =
    principal.workspace === ALL_WORKSPACES
      ? undefined
      : await read.agents.get(principal.workspace, principal.agentId);
  if (agent !== undefined) {
    const audience = agentAudience(principal.agentId);
    found.push(...(await read.memory.changed({ ...where, agentPk: agent.pk, audience })));
  }
  return found.sort((a, b) => b.seq - a.seq).slice(0, MAX_MEMORY);
}
