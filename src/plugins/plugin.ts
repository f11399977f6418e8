/** `shared-context-hub/plugin`: what a plugin is made of. Everything here is public and documented in docs/plugins.md. */
import { z } from 'zod';
import type { Changes, Writes } from '../features/before.ts';
import type { HubEvents } from './objects.ts';

export { HubError } from '../errors.ts';
export type { Changes, Writes } from '../features/before.ts';
export type * from './objects.ts';
export { z };

export type PluginPermission = 'read' | 'write' | 'admin';

type Fields = Record<string, z.ZodType>;
type Values<F extends Fields> = { readonly [K in keyof F]: z.output<F[K]> };
type Answer = object | Promise<object>;
type Awaitable<T> = T | Promise<T>;

/** The hub, as one agent may use it. */
export interface HubAccess {
  /**
   * Calls a tool of the hub by its name; answers the fields of its success.
   * @throws HubError as the tool does: what the agent may not do is refused.
   */
  call(tool: string, args?: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
}

/** Never contents of messages, keys or secrets. */
export interface PluginLog {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** What a plugin gets when it starts. */
export interface Own<C> {
  /** Its section of hub.config.yaml, checked by its schema. */
  readonly config: C;
  /** As the plugin's own agent. */
  readonly hub: HubAccess;
  readonly log: PluginLog;
  /** Aborts when the plugin is stopped or switched off. */
  readonly signal: AbortSignal;
}

/** The same, with what `start` returned. */
export interface Running<C, S> extends Own<C> {
  readonly state: S;
}

export interface Caller {
  readonly agent_id: string;
  readonly agent_type: string;
  readonly workspace: string;
  readonly permissions: readonly PluginPermission[];
}

/** A call of a tool, resource or prompt: `hub` acts as the caller here, and `signal` aborts when it waits no more. */
export interface Called<C, S> extends Running<C, S> {
  readonly caller: Caller;
}

export interface PluginResource<C, S> {
  readonly title: string;
  readonly description: string;
  /** Default `application/json`. */
  readonly mimeType?: string;
  /** What the reader needs; default `read`. */
  readonly permission?: PluginPermission;
  /** `params`: what stands in the place of `{name}` in the address. An answer that is no text becomes JSON. */
  read(params: Readonly<Record<string, string>>, call: Called<C, S>): Awaitable<unknown>;
}

export interface PluginPrompt<C, S> {
  readonly title: string;
  readonly description: string;
  readonly arguments?: Readonly<
    Record<string, { readonly description: string; readonly required?: boolean }>
  >;
  render(args: Readonly<Record<string, string>>, call: Called<C, S>): Awaitable<string>;
}

export interface PluginHealth {
  readonly status: 'healthy' | 'degraded' | 'failed';
  /** One clause for operators, without secrets. */
  readonly reason?: string;
}

/**
 * A plugin. `start` makes the state that all other parts get: in TypeScript write it above them, so that they know its type.
 */
export interface PluginDefinition<C extends z.ZodObject, S, I extends Record<string, Fields>> {
  /** Lower case letters, digits and `-`. */
  readonly name: string;
  readonly version: string;
  /** Names of plugins that must have started before it. */
  readonly needs?: readonly string[];
  /** What its own agent may do; default `read`. Hooks and some events need `admin`. */
  readonly permissions?: readonly PluginPermission[];
  /** Whether the hub must not go on without it: it does not start, and refuses what a hook of it would have seen. */
  readonly required?: boolean;
  /** Of its section of hub.config.yaml. */
  readonly config?: C;
  start?(own: Own<z.output<C>>): Awaitable<S>;
  /** By name. */
  readonly tools?: {
    readonly [K in keyof I]: {
      readonly title?: string;
      /** For agents, which pay for each word of it. */
      readonly description: string;
      /** What the caller needs; default `read`, and the tool is then one that changes nothing. */
      readonly permission?: PluginPermission;
      /** Parameters, by name; `{}`: none. */
      readonly input: I[K];
      /** Fields of the answer, by name. */
      readonly output: Fields;
      handler(args: Values<I[K]>, call: Called<z.output<C>, S>): Answer;
    };
  };
  /** By address; `{name}` stands for a part of it. */
  readonly resources?: Readonly<Record<string, PluginResource<z.output<C>, S>>>;
  /** By name. */
  readonly prompts?: Readonly<Record<string, PluginPrompt<z.output<C>, S>>>;
  readonly on?: {
    readonly [E in keyof HubEvents]?: (
      event: HubEvents[E],
      my: Running<z.output<C>, S>,
    ) => Awaitable<unknown>;
  };
  /** Answers what is to be stored instead, or nothing; throws a HubError to refuse the write. */
  readonly before?: {
    readonly [W in keyof Writes]?: (
      write: Writes[W],
      my: Running<z.output<C>, S> & { readonly caller: Caller },
    ) => Awaitable<Changes[W] | undefined>;
  };
  health?(my: Running<z.output<C>, S>): Awaitable<PluginHealth>;
  stop?(my: Running<z.output<C>, S>): Awaitable<unknown>;
}

/** A definition whose types only its own parts know. */
export type Plugin = PluginDefinition<z.ZodObject, never, Record<string, Fields>>;

/** What is left out. */
type NoSettings = z.ZodObject;
type NoTools = Record<string, Fields>;

const MARK = Symbol.for('shared-context-hub/plugin');

/** Declares a plugin. A module of it exports what this answers, as `plugin` or as its default. */
export function definePlugin<
  C extends z.ZodObject = NoSettings,
  S = undefined,
  I extends Record<string, Fields> = NoTools,
>(definition: PluginDefinition<C, S, I>): Plugin {
  return Object.assign(Object.create({ [MARK]: true }) as object, definition) as unknown as Plugin;
}

/** Whether it was made by {@link definePlugin}, be it of another copy of this module. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && MARK in value;
}
