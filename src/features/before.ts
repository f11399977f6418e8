/** What is asked before something is written: plugins may change or refuse it. Without plugins nobody is asked. */
import type { Ctx } from '../context.ts';

/** Writes that somebody may change or refuse before they are stored, by name. What may be changed is in {@link Changes}. */
export interface Writes {
  'message.add': {
    /** Null: the first message of a session that is being created. */
    readonly session_id: string | null;
    readonly content: string;
    readonly visibility: string;
    readonly to: readonly string[];
    readonly message_type: string;
    readonly metadata: Readonly<Record<string, unknown>>;
  };
  'session.create': { readonly purpose: string; readonly metadata: Readonly<Record<string, unknown>> };
  'session.update': {
    readonly session_id: string;
    readonly purpose?: string;
    readonly metadata?: Readonly<Record<string, unknown>>;
  };
  'memory.set': {
    readonly key: string;
    readonly scope: 'agent' | 'shared';
    readonly session_id: string | null;
    /** Any JSON value. */
    readonly value: unknown;
    readonly metadata: Readonly<Record<string, unknown>>;
  };
}

/** The fields that are to be stored in the place of those that were sent. */
export interface Changes {
  'message.add': Partial<Pick<Writes['message.add'], 'content' | 'metadata'>>;
  'session.create': Partial<Writes['session.create']>;
  'session.update': Partial<Pick<Writes['session.update'], 'purpose' | 'metadata'>>;
  'memory.set': Partial<Pick<Writes['memory.set'], 'value' | 'metadata'>>;
}

/**
 * Asked before a transaction begins, by name of the write; `workspace` is the one it goes into. Absent: nobody wants to know.
 * @throws HubError where the write is refused.
 */
export type Gates = {
  readonly [W in keyof Writes]?: (ctx: Ctx, workspace: string, write: Writes[W]) => Promise<Changes[W]>;
};
