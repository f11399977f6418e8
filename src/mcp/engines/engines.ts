/** Both protocol engines over one surface. */
import type { Principal } from '../../context.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import type { Change, MayKnow } from './changes.ts';
import { createDispatch, tracedDispatch } from './dispatch.ts';
import { Engine2025, type Engine2025Options } from './engine-2025.ts';
import { Engine2026 } from './engine-2026.ts';
import type { RichSurface } from './rich-surface.ts';

export interface McpEnginesDeps {
  readonly surface: RichSurface;
  readonly log: Logger;
  readonly options: Engine2025Options;
  readonly now?: () => number;
  readonly tracing?: Tracing | undefined;
}

export interface McpEngines extends AsyncDisposable {
  readonly legacy: Engine2025;
  readonly modern: Engine2026;
  /**
   * Tells the clients that want to know and whose caller may: of a list, all those that are connected or subscribed to it; of
   * a resource, those that watch it. The surface must have declared what is announced.
   */
  announce(change: Change, mayKnow?: MayKnow): void;
  /** Keys of the resources that somebody watches. */
  watched(): IteratorObject<string>;
  /** Ends the sessions of callers who may not go on. What they have under way is its HTTP request's matter. */
  endSessions(mayNot: (principal: Principal) => boolean): void;
}

export function createMcpEngines({
  surface,
  log,
  options,
  now = Date.now,
  tracing,
}: McpEnginesDeps): McpEngines {
  const plain = createDispatch(surface, now);
  const dispatch = tracing === undefined ? plain : tracedDispatch(tracing, plain);
  const legacy = new Engine2025({ surface, dispatch, log, now, options });
  const modern = new Engine2026({ surface, dispatch, log, options });
  return {
    legacy,
    modern,
    announce(change, mayKnow = () => true) {
      legacy.announce(change, mayKnow);
      modern.announce(change, mayKnow);
    },
    *watched() {
      yield* legacy.watched;
      yield* modern.watched;
    },
    endSessions(mayNot) {
      legacy.endWhere(mayNot).catch((err: unknown) => {
        log.error({ err }, 'MCP sessions could not be ended');
      });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([legacy.close(), modern.close()]);
    },
  };
}
