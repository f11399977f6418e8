/** What a tool is. The handler parses nothing and holds no rule: it calls a service and shapes the answer. */
import type { z } from 'zod';
import type { Ctx, Permission, Principal } from '../context.ts';
import type { RateKind } from '../features/rates/service.ts';
import type { Services } from '../features/services.ts';
import type { ToolCall } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';

/** A statement of the store, without its text and its values. */
export interface SlowStatement {
  readonly ms: number;
  /** Read or written. */
  readonly rows: number;
  /** Null: not known. */
  readonly plan: readonly string[] | null;
}

/** What handlers reach: the services, and what shapes answers. */
export interface ToolHub {
  readonly services: Services;
  /** Part of every cursor. */
  readonly epoch: string;
  readonly maxResponseBytes: number;
  /** Told of every call of a tool. */
  readonly calls: {
    readonly count: (call: ToolCall, by: Principal) => void;
    /** How long a write waited for its turn at most since `since` (as `performance.now()` tells it); null if there was none. */
    readonly longestWait: (since: number) => number | null;
    /** One that takes as many milliseconds is slow. */
    readonly slowMs: number;
    /** The slowest statement since then, with how it was run; undefined if there was none. */
    readonly slowest: (since: number) => Promise<SlowStatement | undefined>;
    /** Whether each is a line of the log. */
    readonly logged: boolean;
    readonly tracing: Tracing | undefined;
  };
}

export interface ToolHints {
  readonly readOnly: boolean;
  readonly idempotent: boolean;
  readonly destructive: boolean;
}

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** What the caller needs to see and call it. */
  readonly permission: Permission;
  /** Tells of all workspaces together: for the operators of the hub alone. */
  readonly wholeHub?: true;
  /** The limit its calls count in. */
  readonly rate: RateKind;
  /** Part of the small tool set (`?tools=core`). */
  readonly core: boolean;
  readonly hints: ToolHints;
  /** Gives handles out: takes none itself, nor an `idempotency_key`, whose answer would have to be kept. */
  readonly authenticates?: true;
  /** Its calls wait for something to happen: no limit on the time or number of calls at once applies to them. */
  readonly waits?: true;
  /** Ids of the messages that an answer holds in full, which delivers them. */
  readonly shows?: (answer: never, hub: ToolHub) => readonly number[];
  /** Whether giving the cursor of an answer back acknowledges what it shows: its `inbox` does not say it again. */
  readonly acknowledges?: true;
  /** Strict: unknown parameters are refused by name. `auth_token` and `idempotency_key` come from the table, not from here. */
  readonly input: z.ZodObject;
  /** Fields of a success, without `success` itself. */
  readonly output: z.ZodObject;
  /** `input` has been parsed with the tool's own schema. Answers the fields of the success. */
  readonly handler: (hub: ToolHub, ctx: Ctx, input: never) => Promise<object>;
}

/** Declares a tool so that its handler's input is typed by its schema. */
export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(
  tool: Omit<Tool, 'input' | 'output' | 'handler' | 'shows'> & {
    readonly input: I;
    readonly output: O;
    readonly shows?: (answer: z.input<O>, hub: ToolHub) => readonly number[];
    readonly handler: (hub: ToolHub, ctx: Ctx, input: z.output<I>) => Promise<z.input<O>>;
  },
): Tool {
  return tool;
}
