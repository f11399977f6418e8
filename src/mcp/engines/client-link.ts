/** From a request under way back to the client that made it. The first word turns the answer into a stream of events. */
import type { ServerContext } from '@modelcontextprotocol/server';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  type LoggingLevel,
  LoggingLevelSchema,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';

export type LogLevel = LoggingLevel;

/**
 * The SDK's own context of a request, for what has no common form in both eras; undefined where no SDK had a part in it, see
 * `RichSurface.asks`.
 */
export type SdkContext =
  | { readonly era: '2025'; readonly extra: RequestHandlerExtra<ServerRequest, ServerNotification> }
  | { readonly era: '2026'; readonly context: ServerContext | undefined };

/** Neither call fails if the client has gone. */
export interface ClientLink {
  /** Whether it sent a progress token. */
  readonly wantsProgress: boolean;
  /** How far the request is, rising from call to call. Sent to a client that asked for it with a progress token. */
  progress(progress: number, total?: number, message?: string): Promise<void>;
  /** Sent if the client wants records of this level: set for its session before 2026, with each request since. */
  log(level: LogLevel, data: unknown): Promise<void>;
  readonly sdk: SdkContext;
}

/** In the envelope of a request, but not in the SDK's type of it. */
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

const SEVERITY: ReadonlyMap<LogLevel, number> = new Map(
  LoggingLevelSchema.options.map((level, index) => [level, index]),
);

function isWanted(level: LogLevel, lowest: LogLevel | undefined): boolean {
  const from = lowest === undefined ? undefined : SEVERITY.get(lowest);
  return from !== undefined && (SEVERITY.get(level) ?? 0) >= from;
}

function progressParams(progressToken: string | number, progress: number, total?: number, message?: string) {
  return {
    progressToken,
    progress,
    ...(total === undefined ? {} : { total }),
    ...(message === undefined ? {} : { message }),
  };
}

export class ClientLink2025 implements ClientLink {
  readonly sdk: Extract<SdkContext, { era: '2025' }>;
  readonly #logLevel: () => LogLevel | undefined;

  /** `logLevel` is the lowest that the session wants; undefined: no log at all. */
  constructor(extra: (typeof this.sdk)['extra'], logLevel: () => LogLevel | undefined) {
    this.sdk = { era: '2025', extra };
    this.#logLevel = logLevel;
  }

  get wantsProgress(): boolean {
    return this.sdk.extra._meta?.progressToken !== undefined;
  }

  async progress(progress: number, total?: number, message?: string): Promise<void> {
    const token = this.sdk.extra._meta?.progressToken;
    if (token === undefined) return;
    const params = progressParams(token, progress, total, message);
    await this.#notify({ method: 'notifications/progress', params });
  }

  async log(level: LogLevel, data: unknown): Promise<void> {
    if (!isWanted(level, this.#logLevel())) return;
    await this.#notify({ method: 'notifications/message', params: { level, data } });
  }

  async #notify(notification: ServerNotification): Promise<void> {
    await this.sdk.extra.sendNotification(notification).catch(() => undefined);
  }
}

export class ClientLink2026 implements ClientLink {
  readonly sdk: { readonly era: '2026'; readonly context: ServerContext };

  constructor(context: ServerContext) {
    this.sdk = { era: '2026', context };
  }

  get wantsProgress(): boolean {
    return this.sdk.context.mcpReq._meta?.progressToken !== undefined;
  }

  async progress(progress: number, total?: number, message?: string): Promise<void> {
    const { _meta, notify } = this.sdk.context.mcpReq;
    const token = _meta?.progressToken;
    if (token === undefined) return;
    const params = progressParams(token, progress, total, message);
    await notify({ method: 'notifications/progress', params }).catch(() => undefined);
  }

  async log(level: LogLevel, data: unknown): Promise<void> {
    const { envelope, notify } = this.sdk.context.mcpReq;
    const { [LOG_LEVEL]: lowest } = (envelope ?? {}) as { [LOG_LEVEL]?: LogLevel };
    if (!isWanted(level, lowest)) return;
    await notify({ method: 'notifications/message', params: { level, data } }).catch(() => undefined);
  }
}
