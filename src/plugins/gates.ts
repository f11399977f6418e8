/** The `before` hooks of all plugins, as the services ask them. */
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import type { Changes, Gates, Writes } from '../features/before.ts';
import { reaches } from '../features/operator.ts';
import { plainJson } from '../lib/plain-json.ts';
import { metadata, purpose } from '../mcp/tools/fields.ts';
import { notRunning } from './guard.ts';
import { callerOf } from './adapt.ts';
import type { RunningPlugin } from './running.ts';

const content = z.string().refine((text) => text.trim() !== '', 'text that is not only white space');

/** What hooks may answer: as a tool takes it. The sizes that are settings the services check. */
const CHANGES = {
  'message.add': z.strictObject({ content, metadata }).partial(),
  'session.create': z.strictObject({ purpose, metadata }).partial(),
  'session.update': z.strictObject({ purpose, metadata }).partial(),
  'memory.set': z.strictObject({ value: z.unknown(), metadata }).partial(),
} as const;

/** A gate for each write that a plugin wants to see; undefined if none does. */
export function gatesOf(plugins: readonly RunningPlugin[]): Gates | undefined {
  const kinds = (Object.keys(CHANGES) as (keyof Writes)[]).filter((kind) =>
    plugins.some(({ definition }) => definition.before?.[kind] !== undefined),
  );
  if (kinds.length === 0) return undefined;
  return Object.fromEntries(kinds.map((kind) => [kind, gateOf(kind, plugins)]));
}

/** Asks one plugin after the other, in the order of their needs; each sees what those before it made of the write. */
function gateOf<W extends keyof Writes>(kind: W, plugins: readonly RunningPlugin[]): NonNullable<Gates[W]> {
  const asked = plugins.filter(({ definition }) => definition.before?.[kind] !== undefined);
  return (async (ctx: Ctx, workspace: string, write: Writes[W]): Promise<Changes[W]> => {
    let changes: Changes[W] = {};
    for (const plugin of asked) {
      const { definition, guard, grant } = plugin;
      if (!reaches(grant.workspace, workspace)) continue;
      // Not about what its own agent writes: a hook that writes would be asked again and again.
      if (plugin.principal()?.keyId === ctx.principal.keyId) continue;
      if (guard.signal.aborted || !plugin.isReady()) {
        if (definition.required === true) throw notRunning(definition.name, guard.off);
        continue;
      }
      const part = `before ${kind}`;
      const made = await guard.run(
        { part, limitMs: grant.limitMs, mayRefuse: true, sawContents: true },
        async () => {
          const hook = Reflect.get(definition.before ?? {}, kind) as (
            write: Writes[W],
            my: object,
          ) => unknown;
          const seen = structuredClone({ ...write, ...changes });
          const answer = await hook(seen, { ...plugin.my(), caller: callerOf(ctx) });
          return answer == null ? {} : CHANGES[kind].parse(plainJson(answer));
        },
      );
      changes = { ...changes, ...made };
    }
    return changes;
  }) as NonNullable<Gates[W]>;
}
