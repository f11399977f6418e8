/** A plugin's section of hub.config.yaml: what its own schema says, and what the hub itself wants to know of any plugin. */
import { z } from 'zod';
import { nearest } from '../config/nearest.ts';
import type { PluginSection } from '../config/file-texts.ts';
import { PERMISSIONS, permissionsWhere, type Permission } from '../context.ts';
import { StartError } from '../errors.ts';
import { DEFAULT_WORKSPACE } from '../features/sessions/service.ts';
import type { Plugin } from './plugin.ts';

/** What the operator says of a plugin, whatever the plugin. */
export interface Grant {
  /** What it asks for and the operator does not take away. */
  readonly permissions: ReadonlySet<Permission>;
  readonly workspace: string;
  /** How long its handlers may take. */
  readonly limitMs: number;
}

export interface Configured {
  readonly config: object;
  readonly grant: Grant;
}

const LIMIT_SECONDS = 5;

const own = {
  permissions: z.array(z.enum(PERMISSIONS)).optional(),
  workspace: z.string().min(1).max(100).default(DEFAULT_WORKSPACE),
  time_limit_seconds: z.number().min(0.01).max(300).default(LIMIT_SECONDS),
};

/** @throws StartError that names the setting and where it stands, never its value. */
export function configure(plugin: Plugin, section: PluginSection | undefined): Configured {
  const { name, permissions: asked = ['read'] } = plugin;
  const schema = plugin.config ?? z.object({});
  const taken = Object.keys(own).find((key) => key in schema.shape);
  if (taken !== undefined)
    throw new StartError(`Plugin ${name} has a setting ${taken}, which is the hub's own for every plugin.`);
  const known = z.strictObject({ ...schema.shape, ...own });
  const values = section?.values ?? {};
  const foreign = Object.keys(values).find((key) => !(key in known.shape));
  const where = section?.from ?? 'hub.config.yaml has no section for it';
  if (foreign !== undefined) {
    const meant = nearest(foreign, Object.keys(known.shape));
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw new StartError(`${JSON.stringify(foreign)} is not a setting of plugin ${name} (${where})${hint}`);
  }
  const ofHub = parsed(name, z.object(own), pick(values, Object.keys(own)), where);
  const config = parsed(name, schema.strict(), pick(values, Object.keys(schema.shape)), where);
  const granted = ofHub.permissions ?? asked;
  return {
    config,
    grant: {
      permissions: permissionsWhere((one) => asked.includes(one) && granted.includes(one)),
      workspace: ofHub.workspace,
      limitMs: ofHub.time_limit_seconds * 1000,
    },
  };
}

function parsed<T extends z.ZodObject>(name: string, schema: T, values: object, where: string): z.output<T> {
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') ?? '';
  const what =
    issue !== undefined && valueAt(values, issue.path) === undefined ? 'is missing' : 'is malformed';
  throw new StartError(`plugins.${name}.${path} ${what} (${where}): ${issue?.message ?? 'not as expected'}.`);
}

function pick(values: Readonly<Record<string, unknown>>, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (part, key) => (typeof part === 'object' && part !== null ? Reflect.get(part, key) : undefined),
    value,
  );
}
