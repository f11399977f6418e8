/** Whether a definition is one that the hub can work with: types are no help to plugins in JavaScript. */
import { z } from 'zod';
import { PERMISSIONS } from '../context.ts';
import { StartError } from '../errors.ts';
import type { Writes } from '../features/before.ts';
import type { HubEvents } from './objects.ts';
import { looksAfterAll } from '../features/operator.ts';
import type { Grant } from './configure.ts';
import type { Plugin } from './plugin.ts';

/** Names of events, and what they need besides `read`: `operator` is an admin who looks after the whole hub. */
export const EVENTS: Readonly<Record<keyof HubEvents, 'read' | 'admin' | 'operator'>> = {
  'session.created': 'read',
  'session.updated': 'read',
  'message.added': 'read',
  'message.updated': 'read',
  'memory.changed': 'read',
  'lease.granted': 'read',
  'lease.released': 'read',
  'agent.seen': 'read',
  'tool.called': 'admin',
  'health.changed': 'operator',
  'metrics.sampled': 'operator',
  'hub.stopping': 'read',
};

export const WRITES: Readonly<Record<keyof Writes, true>> = {
  'message.add': true,
  'session.create': true,
  'session.update': true,
  'memory.set': true,
};

/** The setting that lies beside the sections of plugins. */
const RESERVED = 'load';
const MAX_DESCRIPTION = 1000;

const fn = z.custom((value) => typeof value === 'function', 'expected a function');
const schema = z.custom(
  (value) => typeof value === 'object' && value !== null && '_zod' in value,
  'expected a zod schema',
);
const permission = z.enum(PERMISSIONS);
const text = z.string().min(1).max(MAX_DESCRIPTION);
const toolName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'expected lower case letters, digits and _');
const fieldName = (...taken: readonly string[]) =>
  z.string().refine((name) => !taken.includes(name), "is the hub's own");

const definition = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'expected 1 to 40 lower case letters, digits and -')
    .refine((name) => name !== RESERVED, `${RESERVED} is a setting`),
  version: z.string().min(1).max(50),
  needs: z.array(z.string()).optional(),
  permissions: z.array(permission).optional(),
  required: z.boolean().optional(),
  config: z
    .custom((value) => schema.safeParse(value).success && 'shape' in (value as object), 'expected z.object')
    .optional(),
  start: fn.optional(),
  stop: fn.optional(),
  health: fn.optional(),
  on: z.partialRecord(z.enum(namesOf(EVENTS)), fn).optional(),
  before: z.partialRecord(z.enum(namesOf(WRITES)), fn).optional(),
  tools: z
    .record(
      toolName,
      z.strictObject({
        title: text.optional(),
        description: text,
        permission: permission.optional(),
        input: z.record(fieldName('auth_token', 'idempotency_key'), schema),
        output: z.record(fieldName('success', 'inbox'), schema),
        handler: fn,
      }),
    )
    .optional(),
  resources: z
    .record(
      z
        .string()
        .regex(
          /^[a-z][a-z0-9+.-]*:\/\/[^\s{}]*(?:\{[a-z_]+\}[^\s{}]*)*$/,
          'expected an address such as notes://{day}',
        ),
      z.strictObject({
        title: text,
        description: text,
        mimeType: text.optional(),
        permission: permission.optional(),
        read: fn,
      }),
    )
    .optional(),
  prompts: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected lower case letters, digits and -'),
      z.strictObject({
        title: text,
        description: text,
        arguments: z
          .record(z.string(), z.strictObject({ description: text, required: z.boolean().optional() }))
          .optional(),
        render: fn,
      }),
    )
    .optional(),
});

/** @throws StartError naming the plugin and the part of it that is wrong. */
export function demandWellFormed(plugin: Plugin, from: string): void {
  const { success, error } = definition.safeParse({ ...plugin });
  if (success) return;
  const [issue] = error.issues;
  const name = typeof plugin.name === 'string' ? `plugin ${plugin.name}` : 'plugin';
  const path = issue?.path.join('.') ?? '';
  throw new StartError(
    `The ${name} (${from}) is not well formed: ${path} ${issue?.message ?? ''}`.trimEnd() + '.',
  );
}

/**
 * Who hears of more than an agent does must be an admin; so must be who sees what others write before it is stored.
 * @throws StartError naming what the plugin wants to do and the permission that this takes.
 */
export function demandGranted({ plugin, grant }: { readonly plugin: Plugin; readonly grant: Grant }): void {
  const { permissions, workspace } = grant;
  const [hook] = Object.keys(plugin.before ?? {});
  const events = Object.keys(plugin.on ?? {}) as (keyof HubEvents)[];
  const wants: readonly (readonly [string, string])[] = [
    ...(hook === undefined ? [] : [[`looks at ${hook} before it is stored`, 'admin'] as const]),
    ...events.map((event) => [`listens to ${event}`, EVENTS[event]] as const),
  ];
  for (const [what, needs] of wants) {
    if (needs === 'read' ? permissions.has('read') : permissions.has('admin')) {
      if (needs !== 'operator' || looksAfterAll({ workspace })) continue;
      throw new StartError(
        `Plugin ${plugin.name} ${what}, which is not for a plugin of workspace ${workspace} alone.`,
      );
    }
    const permission = needs === 'read' ? 'read' : 'admin';
    throw new StartError(
      `Plugin ${plugin.name} ${what}, which takes the permission ${permission}; it has ${[...permissions].join(', ') || 'none'}.`,
    );
  }
}

function namesOf<T extends string>(table: Readonly<Record<T, unknown>>): [T, ...T[]] {
  return Object.keys(table) as [T, ...T[]];
}
