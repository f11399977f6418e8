/** Both protocol engines over one surface. */
import type { Logger } from '../../telemetry/log.ts';
import type { McpSurface } from '../surface.ts';
import { createDispatch } from './dispatch.ts';
import { Engine2025, type Engine2025Options } from './engine-2025.ts';
import { Engine2026 } from './engine-2026.ts';

export interface McpEnginesDeps {
  readonly surface: McpSurface;
  readonly log: Logger;
  readonly options: Engine2025Options;
  readonly now?: () => number;
}

export interface McpEngines extends AsyncDisposable {
  readonly legacy: Engine2025;
  readonly modern: Engine2026;
}

export function createMcpEngines({ surface, log, options, now = Date.now }: McpEnginesDeps): McpEngines {
  const dispatch = createDispatch(surface, now);
  const legacy = new Engine2025({ surface, dispatch, log, now, options });
  const modern = new Engine2026({ surface, dispatch, log });
  return {
    legacy,
    modern,
    async [Symbol.asyncDispose]() {
      await Promise.all([legacy.close(), modern.close()]);
    },
  };
}
