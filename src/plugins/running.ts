/** A plugin from its start to its end, as the parts of the hub that call it know it. */
import { randomUUID } from 'node:crypto';
import type { Ctx, Principal } from '../context.ts';
import type { McpSurface } from '../mcp/surface.ts';
import type { Logger } from '../telemetry/log.ts';
import { accessAs } from './access.ts';
import type { Grant } from './configure.ts';
import { createGuard, type Guard, type Owners } from './guard.ts';
import type { LoadedPlugin } from './load.ts';
import type { Own, Plugin, Running } from './plugin.ts';

export interface RunningPlugin {
  readonly definition: Plugin;
  readonly grant: Grant;
  readonly guard: Guard;
  readonly log: Logger;
  /** Whom it acts as; undefined before it has entered. */
  principal(): Principal | undefined;
  /** A call of its own, outside of any request. @throws Error before it has entered. */
  ctx(): Ctx;
  /** What its parts get; `state` is undefined before `start` has ended. */
  my(): Running<never, never>;
  /** Whether its `start` has ended well. */
  isReady(): boolean;
  enter(principal: Principal, surface: McpSurface): void;
  started(state: unknown): void;
}

export function createRunning(
  { plugin: definition, config, grant }: LoadedPlugin,
  owners: Owners,
  hubLog: Logger,
  now: () => number,
): RunningPlugin {
  const { name } = definition;
  const log = hubLog.child({ plugin: name });
  const guard = createGuard(name, owners, hubLog, now);
  let entered: { readonly principal: Principal; readonly own: Own<object> } | undefined;
  let state: unknown;
  let ready = false;

  const inside = () => {
    if (entered === undefined) throw new Error(`plugin ${name} has not entered the hub`);
    return entered;
  };
  const ctx = (): Ctx => ({
    principal: inside().principal,
    requestId: randomUUID(),
    signal: guard.signal,
    log,
  });

  return {
    ...{ definition, grant, guard, log, ctx },
    principal: () => entered?.principal,
    isReady: () => ready,
    my: () => ({ ...inside().own, state }) as Running<never, never>,
    enter(principal, surface) {
      const own = { config, hub: accessAs(surface, guard, ctx), log, signal: guard.signal };
      entered = { principal, own };
    },
    started(made) {
      state = made;
      ready = true;
    },
  };
}
