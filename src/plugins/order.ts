/** In which order plugins start: after those they need, else as they were named. */
import { StartError } from '../errors.ts';
import type { Plugin } from './plugin.ts';

/** @throws StartError about a plugin that is needed and not there, one that is there twice, or a circle, naming them. */
export function inOrder<T extends { readonly plugin: Pick<Plugin, 'name' | 'needs'>; readonly from: string }>(
  all: readonly T[],
): readonly T[] {
  const byName = new Map<string, T>();
  for (const one of all) {
    const { name } = one.plugin;
    const other = byName.get(name);
    if (other !== undefined)
      throw new StartError(`Two plugins are named ${name}: ${other.from} and ${one.from}. Load one of them.`);
    byName.set(name, one);
  }
  const ordered = new Set<T>();
  const visit = (one: T, path: readonly string[]): void => {
    const { name, needs = [] } = one.plugin;
    if (ordered.has(one)) return;
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name].join(' → ');
      throw new StartError(`Plugins need each other in a circle: ${circle}.`);
    }
    for (const needed of needs) {
      const there = byName.get(needed);
      if (there === undefined)
        throw new StartError(`Plugin ${name} needs the plugin ${needed}, which is not loaded.`);
      visit(there, [...path, name]);
    }
    ordered.add(one);
  };
  for (const one of all) visit(one, []);
  return [...ordered];
}
