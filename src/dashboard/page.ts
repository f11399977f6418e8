/** What a page of the dashboard is: one file that says where it is, what it shows, and how. See `pages/index.ts`. */
import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Ctx } from '../context.ts';
import type { Services } from '../features/services.ts';
import type { RenderBody } from './render-body.ts';

/** Escaped text of HTML; `html` makes it. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;
export { html };

/** Nothing. */
export const none: Html = raw('');

/** Who looks at which page of the hub. */
export interface View {
  readonly ctx: Ctx;
  readonly services: Services;
  /** Part of every cursor. */
  readonly epoch: string;
  /** Of the hub. */
  readonly version: string;
  readonly maxResponseBytes: number;
  /** Where the hub is reached, without a slash at the end. */
  readonly publicUrl: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of the page, without `.json`. */
  readonly path: string;
  /** A parameter of its path. */
  readonly param: (name: string) => string;
  readonly query: URLSearchParams;
  /** What every form must carry; see `csrfField`. */
  readonly csrf: string;
  readonly renderBody: RenderBody;
  /** The address of an asset. */
  readonly asset: (name: string) => string;
}

/** What makes a page show itself anew. */
export interface Live {
  /** Beginnings of the kinds of events that change it. */
  readonly kinds: readonly string[];
  /** Between two times, at least, where showing it is expensive. */
  readonly restSeconds?: number;
  /** How often it is looked at, where it shows what no event tells of. */
  readonly everySeconds?: number;
}

/** Beginnings of the kinds of all events. */
export const ANY_EVENT: Live['kinds'] = ['message.', 'session.', 'memory.', 'lease.'];

export interface PageSpec<Data extends object> {
  /** Below `/ui`, as Hono writes paths. */
  readonly path: string;
  /** What the navigation calls it; absent: it is not there. */
  readonly nav?: string;
  /** Scripts of `islands` it loads, by name. */
  readonly scripts?: readonly string[];
  /** Style sheets beside that of all pages, by name. */
  readonly styles?: readonly string[];
  /** Absent or undefined: it stays as it was loaded, or has a script of its own for that. */
  live?(query: URLSearchParams): Live | undefined;
  /** What it shows; its twin at `path.json` answers the same. */
  load(view: View): Promise<Data>;
  title(data: Data): string;
  main(data: Data, view: View): Html;
}

/** A page that has been loaded. */
export interface Loaded {
  readonly data: object;
  readonly title: string;
  main(): Html;
}

export interface Page {
  readonly path: string;
  readonly nav: string | undefined;
  readonly scripts: readonly string[];
  readonly styles: readonly string[];
  readonly live: (query: URLSearchParams) => Live | undefined;
  readonly load: (view: View) => Promise<Loaded>;
}

export function definePage<Data extends object>(spec: PageSpec<Data>): Page {
  const { path, nav, scripts = [], styles = [] } = spec;
  return {
    ...{ path, nav, scripts, styles },
    live: (query) => spec.live?.(query),
    async load(view) {
      const data = await spec.load(view);
      return { data, title: spec.title(data), main: () => spec.main(data, view) };
    },
  };
}

/** Where to go on, or what to show, as a key that is told once. */
export type Done = { readonly to: string } | { readonly title: string; readonly main: Html };

/** What the form of a page does. */
export interface Action {
  /** Below `/ui`; asked for by POST. */
  readonly path: string;
  readonly run: (view: View, form: Form) => Promise<Done>;
}

/** Fields by name; of one that is given more than once, the last. */
export type Form = Readonly<Record<string, string | undefined>>;

/** Part of a page that scripts ask for by itself. */
export interface Fragment {
  /** Below `/ui`. */
  readonly path: string;
  readonly load: (view: View) => Promise<Html>;
}
