/** All plugins of a hub: what they add to it, what they are asked and told, their start, health and end. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { z } from 'zod';
import type { Principal } from '../context.ts';
import { HubError, StartError } from '../errors.ts';
import type { Who } from '../features/agents/presence.ts';
import type { Gates } from '../features/before.ts';
import { HEALTH, type HealthCheck, type HealthReport, type PartHealth } from '../features/health/service.ts';
import { reaches } from '../features/operator.ts';
import type { Services } from '../features/services.ts';
import type { McpSurface } from '../mcp/surface.ts';
import type { Tool } from '../mcp/tool.ts';
import type { Added } from '../mcp/with-added.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ToolCall } from '../telemetry/metrics.ts';
import type { Load } from '../telemetry/windows.ts';
import { addedBy, toolsOf } from './adapt.ts';
import { listen, listensTo, type Listening } from './events.ts';
import { gatesOf } from './gates.ts';
import type { Guard } from './guard.ts';
import { watchHealth } from './health-watch.ts';
import type { LoadedPlugins } from './load.ts';
import type { HubEvents } from './objects.ts';
import { createRunning, type RunningPlugin } from './running.ts';

export interface PluginHost {
  /** Absent: none wants to see writes. */
  readonly gates?: Gates;
  /** The hub's own tools, and theirs. @throws StartError where names clash or they cost too much. */
  tools(own: readonly Tool[]): readonly Tool[];
  /** @throws StartError where addresses or names clash. */
  added(own: {
    readonly resources: readonly string[];
    readonly prompts: readonly string[];
  }): Added | undefined;
  readonly checks: readonly (readonly [part: string, check: HealthCheck])[];
  /** Absent: nobody listens. */
  readonly onToolCalled?: (call: ToolCall, by: Principal) => void;
  readonly onCame?: (who: Who) => void;
  readonly onLoad?: (load: Load) => void;
  /** Starts one after the other. @throws StartError where one that is required does not start. */
  start(services: Services, surface: McpSurface): Promise<void>;
  /** Tells that the hub stops; what they do until `deadline` (milliseconds since the epoch) still counts. */
  stopping(deadline: number): void;
  stop(): Promise<void>;
  /** Whether an error that nobody waited for is a plugin's own; it then counts against that one. To be asked where it surfaces. */
  blame(error: unknown): boolean;
}

export interface HostDeps {
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly toolTimeoutMs: number;
  readonly maxResponseBytes: number;
  /** How often is looked whether the hub's health has changed, if a plugin wants to know. */
  readonly healthLookEveryMs?: number;
}

const START_MS = 10_000;
const HEALTH_MS = 1000;
/** Characters of the reason of a plugin's health. */
const MAX_REASON = 500;
/** Where nobody has said that the hub stops before it does. */
const STOP_MS = 3000;
/** For each `stop`, however late it is. */
const LEAST_STOP_MS = 200;

export function createPluginHost(loaded: LoadedPlugins, deps: HostDeps): PluginHost {
  const { log, now, toolTimeoutMs, maxResponseBytes, healthLookEveryMs } = deps;
  const owners = new AsyncLocalStorage<Guard>();
  const plugins = loaded.plugins.map((one) => createRunning(one, owners, log, now));
  const listening = new Map<RunningPlugin, Listening>();
  const watching: Disposable[] = [];
  let running: McpSurface | undefined;
  let stopAt: number | undefined;

  const adapting = {
    ...{ toolTimeoutMs, maxResponseBytes },
    surface() {
      if (running === undefined) throw new Error('the hub has not started');
      return running;
    },
  };
  const hear = (name: keyof HubEvents): boolean => plugins.some((plugin) => listensTo(plugin, name));

  /** To those of the workspace; not to the one that did it itself. */
  function tell<E extends keyof HubEvents>(name: E, event: HubEvents[E], by?: Who): void {
    for (const [plugin, { tell: toIt }] of listening) {
      const { agentId, workspace } = plugin.ctx().principal;
      const isOwn = by?.agentId === agentId && by.workspace === workspace;
      if (!isOwn && (by === undefined || reaches(workspace, by.workspace))) toIt(name, event);
    }
  }

  async function startOne(plugin: RunningPlugin, services: Services, surface: McpSurface): Promise<void> {
    const { definition, guard, grant } = plugin;
    const { name, version, needs = [] } = definition;
    const lame = plugins.find((one) => needs.includes(one.definition.name) && one.guard.off !== undefined);
    if (lame !== undefined) return guard.switchOff(`it needs ${lame.definition.name}, which has not started`);
    plugin.enter(await services.pluginIdentities.enter({ name, version, ...grant }), surface);
    try {
      const work = { part: 'start', limitMs: START_MS } as const;
      plugin.started(await guard.run(work, () => definition.start?.(plugin.my())));
      listening.set(plugin, await listen(plugin, services));
      log.info(
        { plugin: name, version, permissions: [...grant.permissions], workspace: grant.workspace },
        'plugin',
      );
    } catch {
      guard.switchOff('it did not start');
    }
  }

  function followKeys({ keys, agents }: Services): void {
    keys.onChange((keyId, ended) => {
      const plugin = plugins.find((one) => one.principal()?.keyId === keyId);
      if (ended) plugin?.guard.switchOff('its key was revoked');
    });
    agents.onLoss(({ keyId }) => {
      plugins.find((one) => one.principal()?.keyId === keyId)?.guard.switchOff('its agent was taken from it');
    });
  }

  function stopping(deadline: number): void {
    if (stopAt !== undefined) return;
    stopAt = deadline;
    tell('hub.stopping', { deadline: new Date(deadline).toISOString() });
  }

  const gates = gatesOf(plugins);
  return {
    ...(gates === undefined ? {} : { gates }),
    tools: (own) => [...own, ...toolsOf(plugins, own, adapting)],
    added: (own) => addedBy(plugins, own, adapting),
    checks: plugins.map((plugin) => [`plugin:${plugin.definition.name}`, healthOf(plugin, listening)]),
    ...(hear('tool.called')
      ? {
          onToolCalled({ tool, ms, code }: ToolCall, by: Principal) {
            tell('tool.called', { tool, agent_id: by.agentId, ms, code: code ?? null }, by);
          },
        }
      : {}),
    ...(hear('agent.seen')
      ? {
          onCame(who: Who) {
            const at = new Date(now()).toISOString();
            tell('agent.seen', { agent_id: who.agentId, agent_type: who.agentType, at }, who);
          },
        }
      : {}),
    ...(hear('metrics.sampled')
      ? {
          onLoad({ rssBytes, cpu, loopP99Ms, loopMaxMs }: Load) {
            const loop = { loop_p99_ms: loopP99Ms, loop_max_ms: loopMaxMs };
            tell('metrics.sampled', { rss_bytes: rssBytes, cpu, ...loop });
          },
        }
      : {}),

    async start(services, surface) {
      running = surface;
      for (const plugin of plugins) {
        await startOne(plugin, services, surface).catch((error: unknown) => {
          if (error instanceof StartError || error instanceof HubError)
            throw new StartError(`Plugin ${plugin.definition.name}: ${error.message}`, { cause: error });
          throw error;
        });
        const { definition, guard } = plugin;
        if (definition.required === true && guard.off !== undefined)
          throw new StartError(
            `Plugin ${definition.name} is required and has not started; the log says why.`,
          );
      }
      followKeys(services);
      const one = plugins.find((plugin) => listensTo(plugin, 'health.changed') && listening.has(plugin));
      if (one === undefined) return;
      const report = (): Promise<HealthReport> => services.health.report(one.ctx());
      watching.push(watchHealth(report, (change) => tell('health.changed', change), healthLookEveryMs));
    },

    stopping,

    async stop() {
      stopping(now() + STOP_MS);
      for (const watch of watching) watch[Symbol.dispose]();
      const left = (): number => Math.max(LEAST_STOP_MS, (stopAt ?? 0) - now());
      const told = [...listening.values()].map(async (one) => Promise.all([one.idle(), one.end()]));
      await within(left(), Promise.all(told));
      for (const plugin of plugins.toReversed()) {
        const { definition, guard } = plugin;
        if (listening.has(plugin) && !guard.signal.aborted)
          await guard
            .run({ part: 'stop', limitMs: left() }, () => definition.stop?.(plugin.my()))
            .catch(() => undefined);
        guard.end();
      }
      loaded[Symbol.dispose]();
    },

    blame(error) {
      const guard = owners.getStore();
      guard?.strayed(error);
      return guard !== undefined;
    },
  };
}

const healthShape = z.object({
  status: z.enum(HEALTH),
  reason: z.string().min(1).max(MAX_REASON).optional(),
});

/** What its guard says, else what it says itself, which is asked each time: it may have come right again. */
function healthOf(plugin: RunningPlugin, listening: ReadonlyMap<RunningPlugin, Listening>): HealthCheck {
  const { definition, guard } = plugin;
  let asking: Promise<PartHealth | undefined> | undefined;
  const ask = async (): Promise<PartHealth | undefined> => {
    const work = { part: 'health', limitMs: HEALTH_MS, mayFail: true } as const;
    const own = await guard
      .run(work, async () => healthShape.parse(await definition.health?.(plugin.my())))
      .catch(() => undefined);
    asking = undefined;
    return own && { status: own.status, ...(own.reason === undefined ? {} : { reason: own.reason }) };
  };
  return async () => {
    const asked = definition.health !== undefined && listening.has(plugin) && guard.off === undefined;
    const own = asked ? await (asking ??= ask()) : undefined;
    const contained = guard.health();
    if (contained.status !== 'healthy') return contained;
    if (listening.get(plugin)?.queue.losing === true)
      return { status: 'degraded', reason: 'it is too slow: events that wait for it are dropped' };
    return own ?? contained;
  };
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
