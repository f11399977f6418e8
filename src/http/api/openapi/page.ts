/** The OpenAPI document as one page of HTML: no script, nothing from elsewhere. */
import { html, raw } from 'hono/html';
import type { JsonSchema } from '../../../mcp/surface.ts';
import type { Answer, Media, OpenApi, Operation, Parameter, Ref } from './document.ts';

type Html = ReturnType<typeof html>;

export const DOCS_STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: light-dark(#5b5b60, #a3a3aa); --tint: light-dark(#f5f5f3, #1e1e21);
  --link: light-dark(#0b57d0, #8ab4f8); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 6rem; max-width: 72rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.75rem; } h2 { margin: 4rem 0 1rem; font-size: 1.375rem; }
h3 { margin: 0; font-size: 1rem; } h4 { margin: 1rem 0 .25rem; font-size: .875rem; color: var(--dim); }
p { margin: .5rem 0; max-width: 46rem; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
h3 code { font-size: 1rem; font-weight: 600; }
pre { overflow-x: auto; margin: .5rem 0; padding: .75rem 1rem; border-radius: .375rem; background: var(--tint); }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
nav { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(21rem, 100%), 1fr)); gap: 1.5rem; margin-top: 2rem; }
nav ul { margin: .25rem 0 0; padding: 0; list-style: none; }
section > section { padding: 1.5rem 0; border-top: 1px solid var(--line); }
section > section:target { margin: 0 -1rem; padding-inline: 1rem; background: var(--tint); }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: .25rem 0; }
td { padding: .25rem 1rem .25rem 0; vertical-align: top; overflow-wrap: anywhere; border-top: 1px solid var(--line); }
td:first-child { width: 30%; } td:nth-child(2) { width: 22%; }
.dim { color: var(--dim); } .method { color: var(--dim); }
summary { cursor: pointer; padding: .25rem 0; } :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
`;

/** As it is, without the white space that a template would have: the policy knows its hash. */
const STYLE = raw(`<style>${DOCS_STYLE}</style>`);

export function docsPage(document: OpenApi): Html {
  const { info, tags, components } = document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const of = (tag: string): readonly Place[] =>
    operations.filter(({ operation }) => operation.tags.includes(tag));
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title} API</title>
        ${STYLE}
      </head>
      <body>
        <header>
          <h1>${info.title} API</h1>
          <p class="dim">Version ${info.version}. For programs: <a href="openapi.json">openapi.json</a>.</p>
          ${info.description.split('\n').map((line) => html`<p>${prose(line)}</p>`)} ${waysToCome(components)}
        </header>
        <nav aria-label="Operations">
          ${tags.map(({ name }) => html`<div><a href="#tag-${name}">${name}</a>${links(of(name))}</div>`)}
        </nav>
        <main>
          ${tags.map(
            ({ name }) =>
              html`<section aria-labelledby="tag-${name}">
                <h2 id="tag-${name}">${name}</h2>
                ${of(name).map((place) => section(document, place))}
              </section>`,
          )}
          <section aria-labelledby="objects">
            <h2 id="objects">Objects</h2>
            ${Object.entries(components.schemas).map(
              ([name, schema]) =>
                html`<section id="object-${name}">
                  <h3>${name}</h3>
                  ${properties(schema, ANSWERED)}
                </section>`,
            )}
          </section>
        </main>
      </body>
    </html> `;
}

interface Place {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

function waysToCome({ securitySchemes, parameters }: OpenApi['components']): Html {
  const ways = Object.values(securitySchemes).map(({ name, description, in: place = 'header' }) => ({
    name: name ?? 'Authorization',
    about: place,
    schema: { description },
    what: name === undefined ? 'Bearer …' : '…',
  }));
  const agent = Object.values(parameters).map(({ name, description, schema }) => ({
    ...{ name, about: 'header, optional', schema: { ...schema, description } },
  }));
  return html`<h4>Who comes</h4>
    ${table([...ways, ...agent])}`;
}

function links(places: readonly Place[]): Html {
  return html`<ul>
    ${places.map(
      ({ method, path, operation }) =>
        html`<li>
          <a href="#${operation.operationId}"><code>${method} ${path}</code></a>
        </li>`,
    )}
  </ul>`;
}

function section(document: OpenApi, { method, path, operation }: Place): Html {
  const { operationId: id, summary, parameters, requestBody, security, responses } = operation;
  const own = parameters.filter((parameter): parameter is Parameter => !('$ref' in parameter));
  const needs = security.flatMap((way) => Object.values(way).flat())[0];
  const [type, body] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const request = [
    `${method} ${addressOf(path, own)}`,
    ...(body === undefined ? [] : ['', shown(body.example)]),
  ];
  const failures = Object.entries(responses).filter((entry): entry is [string, Ref] => '$ref' in entry[1]);
  return html`<section id="${id}" aria-labelledby="${id}-name">
    <h3 id="${id}-name">
      <code><span class="method">${method}</span> ${path}</code>
    </h3>
    <p>
      ${prose(summary)} <span class="dim">${needs === undefined ? 'For anybody.' : `Needs ${needs}.`}</span>
    </p>
    ${
      own.length === 0
        ? ''
        : html`<h4>Parameters</h4>
            ${table(own.map(parameterRow))}`
    }
    ${
      body === undefined
        ? ''
        : html`<h4>Body, <code>${type}</code></h4>
            ${properties(body.schema ?? {}, ASKED)}`
    }
    <h4>Example</h4>
    <pre><code>${request.join('\n')}</code></pre>
    ${Object.entries(responses).map(([status, answer]) => ('$ref' in answer ? '' : success(status, answer)))}
    <details>
      <summary>Errors: ${failures.map(([status]) => status).join(', ')}</summary>
      ${failures.map(([status, ref]) => failure(document, status, ref))}
    </details>
  </section> `;
}

/** A path with the values of its examples. */
function addressOf(path: string, parameters: readonly Parameter[]): string {
  const shows = (where: string) => parameters.filter((one) => one.in === where && one.example !== undefined);
  const text = ({ example }: Parameter): string =>
    encodeURIComponent(typeof example === 'string' ? example : JSON.stringify(example));
  const filled = shows('path').reduce((all, one) => all.replace(`{${one.name}}`, text(one)), path);
  const query = shows('query').map((one) => `${one.name}=${text(one)}`);
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`;
}

function success(status: string, { description, content = {} }: Answer): Html {
  const bodies = Object.entries(content);
  const what = html`<code>${status}</code> ${description}`;
  if (bodies.length === 0) return html`<p>${what}</p>`;
  return html`<details>
    <summary>${what} <code>${bodies.map(([type]) => type).join(', ')}</code></summary>
    ${bodies.map(([, media]) => bodyOf(media))}
  </details>`;
}

function failure({ components }: OpenApi, status: string, { $ref: ref }: Ref): Html {
  const { description = '' } = components.responses[ref.replace(/^.*\//, '')] ?? {};
  return html`<p><code>${status}</code> ${description}</p>`;
}

function bodyOf({ schema = {}, example }: Media): Html {
  const whole = '$ref' in schema ? html`<p>${typeText(schema)}</p>` : properties(schema, ANSWERED);
  return html`${whole}${example === undefined ? '' : html`<pre><code>${shown(example)}</code></pre>`}`;
}

function parameterRow({ name, in: where, required, description, schema }: Parameter): Row {
  return { name, about: `${where}${required ? ', required' : ''}`, schema: { ...schema, description } };
}

/** What is said of a field that is always there, and of others. */
type Presence = readonly [always: string, sometimes: string];
const ASKED: Presence = ['required', 'optional'];
const ANSWERED: Presence = ['', 'not always there'];

function properties(
  { properties: parts, required = [] }: JsonSchema,
  [always, sometimes]: Presence,
): Html | '' {
  if (typeof parts !== 'object' || parts === null) return '';
  return table(
    Object.entries(parts as Record<string, JsonSchema>).map(([name, schema]) => ({
      name,
      about: (required as readonly string[]).includes(name) ? always : sometimes,
      schema,
    })),
  );
}

interface Row {
  readonly name: string;
  readonly about: string;
  readonly schema: JsonSchema;
  /** Instead of the type. */
  readonly what?: string;
}

function table(rows: readonly Row[]): Html {
  return html`<table>
    <tbody>
      ${rows.map(
        ({ name, about, schema, what }) =>
          html`<tr>
            <td><code>${name}</code></td>
            <td class="dim">${about}</td>
            <td>
              ${what ?? typeText(schema)}
              ${typeof schema['description'] === 'string' ? html`<br />${prose(schema['description'])}` : ''}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** A schema in a few words. */
function typeText(schema: JsonSchema): Html | string {
  const { $ref: ref, type, items, anyOf, enum: values } = schema;
  if (typeof ref === 'string') {
    const name = ref.replace(/^.*\//, '');
    return html`<a href="#object-${name}">${name}</a>`;
  }
  if (Array.isArray(anyOf))
    return html`${anyOf.map((part: JsonSchema, i) => html`${i === 0 ? '' : ' or '}${typeText(part)}`)}`;
  const byDefault = 'default' in schema ? `; ${JSON.stringify(schema['default'])} by default` : '';
  if (Array.isArray(values)) return `${values.join(', ')}${byDefault}`;
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (type === 'array') return html`list of ${typeText((items ?? {}) as JsonSchema)}${byDefault}`;
  return `${typeof type === 'string' ? type : 'any JSON'}${rangeText(schema)}${byDefault}`;
}

function rangeText({ type, minimum, maximum, minLength, maxLength }: JsonSchema): string {
  const [least, most] = type === 'string' ? [minLength, maxLength] : [minimum, maximum];
  const unit = type === 'string' ? ' characters' : '';
  if (typeof most === 'number') return `, ${Number(least ?? 0)}–${most}${unit}`;
  return typeof least === 'number' && least > 0 ? `, at least ${least}${unit}` : '';
}

/** What stands between backticks is code. */
function prose(text: string): Html {
  return html`${text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

function shown(example: unknown): string {
  return typeof example === 'string' ? example : JSON.stringify(example, null, 2);
}
