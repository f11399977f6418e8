/**
 * What pages load: style sheets, scripts and pictures, each under a name that changes with its content, so that browsers keep
 * it for ever. Scripts of `islands` are TypeScript; where the hub runs from its sources their types are stripped here, when a
 * browser asks: Node warns of that, and only who opens pages of a hub under development shall read it.
 */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { basename, extname, join } from 'node:path';

export interface Asset {
  readonly type: string;
  body(): string;
}

export interface Assets {
  /** The address of an asset, by its name without the hash, as `style.css` or `timeline.js`. */
  url(name: string): string;
  get(file: string): Asset | undefined;
}

export const ASSETS_PATH = '/ui/assets';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const ADDED = /^(\/\/# sourceMappingURL=.*|export \{\};)$/gm;
const IMPORT = /(?<=\b(?:from|import)\s*)(['"])(?:\.\/([\w-]+)\.[jt]s|uplot)\1/g;

/** What comes from packages, and is served as it is: by the name that pages and scripts know it by. */
const PACKAGED: Readonly<Record<string, string>> = {
  'uplot.js': 'uplot/dist/uPlot.esm.js',
  'uplot.css': 'uplot/dist/uPlot.min.css',
};

/** Reads them all, once. */
export function loadAssets(): Assets {
  const found = new Map<string, Asset>();
  const files = new Map<string, string>();
  const islands = scriptsOf(join(import.meta.dirname, 'islands'));

  function add(name: string, text: string, served = (): string => text): string {
    const extension = extname(name);
    const file = `${basename(name, extension)}.${hash('sha256', text).slice(0, 16)}${extension}`;
    const type = TYPES[extension];
    if (type === undefined) throw new Error(`${name} is no kind of asset that is known`);
    found.set(file, { type, body: served });
    files.set(name, file);
    return file;
  }

  /** What a script imports comes first: its name stands in the script. */
  function addIsland(name: string): string {
    const known = files.get(`${name}.js`);
    if (known !== undefined) return known;
    const body = islands.get(name);
    if (body === undefined) throw new Error(`there is no script ${name}`);
    const linked = body.replaceAll(
      IMPORT,
      (_all, _quote, other = 'uplot') => `'./${addIsland(String(other))}'`,
    );
    return add(`${name}.js`, linked, () => plainScript(linked));
  }

  const folder = join(import.meta.dirname, 'assets');
  for (const name of readdirSync(folder)) add(name, readFileSync(join(folder, name), 'utf8'));
  const { resolve } = createRequire(import.meta.url);
  for (const [name, path] of Object.entries(PACKAGED)) add(name, readFileSync(resolve(path), 'utf8'));
  for (const name of islands.keys()) addIsland(name);

  return {
    url(name) {
      const file = files.get(name);
      if (file === undefined) throw new Error(`there is no asset ${name}`);
      return `${ASSETS_PATH}/${file}`;
    },
    get: (file) => found.get(file),
  };
}

/** By their names, as they are: TypeScript, or what the build made of it. */
function scriptsOf(folder: string): ReadonlyMap<string, string> {
  const sources = readdirSync(folder).filter((name) => /(?<!\.d)\.[jt]s$/.test(name));
  return new Map(
    sources.map((name) => [basename(name, extname(name)), readFileSync(join(folder, name), 'utf8')]),
  );
}

/** Without types, and without what the compiler adds for others: source maps, and that a script is a module. */
function plainScript(text: string): string {
  const isBuilt = extname(import.meta.filename) === '.js';
  return (isBuilt ? text : stripTypeScriptTypes(text)).replaceAll(ADDED, '');
}
