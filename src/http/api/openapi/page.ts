/** The OpenAPI document as one page of HTML: no script, nothing from elsewhere. */
import { html, raw } from 'hono/html';
import type { JsonSchema } from '../../../mcp/surface.ts';
import type { Answer, Media, OpenApi, Operation, Parameter, Ref } from './document.ts';

type Html = ReturnType<typeof html>;

export const DOCS_STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: light-dark(#555, #aaa); --tint: light-dark(#f4f4f2, #1f1f22); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0; } h2 { margin: 3rem 0 0; } h3 { margin: 0; font-size: 1rem; font-weight: 600; }
nav ul { columns: 16rem; padding: 0; list-style: none; } nav a { color: inherit; }
a { color: light-dark(#0b57d0, #8ab4f8); }
section > section { padding: 1.25rem 0; border-top: 1px solid var(--line); }
code, pre { font: .875rem/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; margin: .5rem 0; padding: .75rem 1rem; border-radius: .375rem; background: var(--tint); }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { padding: .25rem 1rem .25rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; } td { border-top: 1px solid var(--line); }
.dim { color: var(--dim); } .method { display: inline-block; min-width: 4.5rem; }
summary { cursor: pointer; padding: .25rem 0; } summary:focus-visible, a:focus-visible { outline: 2px solid; }
`;

/** As it is, without the white space that a template would have: the policy knows its hash. */
const STYLE = raw(`<style>${DOCS_STYLE}</style>`);

export function docsPage(document: OpenApi): Html {
  const { info, tags, components } = document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const of = (tag: string) => operations.filter(({ operation }) => operation.tags.includes(tag));
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
          ${info.description.split('\n').map((line) => html`<p>${line}</p>`)}
          <h3>Who comes</h3>
          <p>
            ${Object.values(components.securitySchemes).map(
              ({ description, name, scheme }) =>
                html`<code
                    >${name === undefined ? `Authorization: ${scheme === 'bearer' ? 'Bearer …' : '…'}` : `${name}: …`}</code
                  >
                  ${description} `,
            )}
          </p>
          ${fields(Object.values(components.parameters))}
        </header>
        <nav aria-label="Operations">
          ${tags.map(
            ({ name }) =>
              html`<h3>${name}</h3>
                <ul>
                  ${of(name).map(
                    ({ method, path, operation }) =>
                      html`<li>
                        <a href="#${operation.operationId}"><code>${method} ${path}</code></a>
                      </li>`,
                  )}
                </ul>`,
          )}
        </nav>
        <main>
          ${tags.map(
            ({ name }) =>
              html`<section aria-labelledby="tag-${name}">
                <h2 id="tag-${name}">${name}</h2>
                ${of(name).map(({ method, path, operation }) => section(document, method, path, operation))}
              </section>`,
          )}
          <section aria-labelledby="objects">
            <h2 id="objects">Objects</h2>
            ${Object.entries(components.schemas).map(
              ([name, schema]) =>
                html`<section aria-labelledby="object-${name}">
                  <h3 id="object-${name}">${name}</h3>
                  ${properties(schema)}
                </section>`,
            )}
          </section>
        </main>
      </body>
    </html> `;
}

function section(document: OpenApi, method: string, path: string, operation: Operation): Html {
  const { operationId: id, summary, parameters, requestBody, security, responses } = operation;
  const own = parameters.filter((parameter) => !('$ref' in parameter));
  const needs = security.flatMap((way) => Object.values(way).flat())[0];
  const [type, body] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  return html`<section id="${id}" aria-labelledby="${id}-name">
    <h3 id="${id}-name">
      <code><span class="method">${method}</span> ${path}</code>
    </h3>
    <p>${summary} <span class="dim">${needs === undefined ? 'For anybody.' : `Needs ${needs}.`}</span></p>
    ${own.length === 0 ? '' : fields(own)}
    ${
      body === undefined
        ? ''
        : html`<h3>Body <code>${type}</code></h3>
            ${properties(body.schema ?? {})}
            <pre><code>${shown(body.example)}</code></pre>`
    }
    ${Object.entries(responses).map(([status, answer]) => answered(document, status, answer))}
  </section> `;
}

/** What a success holds; of errors only which they can be, since all are the same object. */
function answered({ components }: OpenApi, status: string, answer: Answer | Ref): Html {
  if ('$ref' in answer) {
    const { description = '' } = components.responses[answer.$ref.replace(/^.*\//, '')] ?? {};
    return html`<p><code>${status}</code> ${description}</p>`;
  }
  const bodies = Object.entries(answer.content ?? {});
  const what = html`<code>${status}</code> ${answer.description}`;
  if (bodies.length === 0) return html`<p>${what}</p>`;
  return html`<details>
    <summary>${what}</summary>
    ${bodies.map(
      ([type, media]) =>
        html`<p><code>${type}</code></p>
          ${bodyOf(media)}`,
    )}
  </details>`;
}

function bodyOf({ schema = {}, example }: Media): Html {
  return html`${properties(schema)}${example === undefined ? '' : html`<pre><code>${shown(example)}</code></pre>`}`;
}

function fields(parameters: readonly (Parameter | Ref)[]): Html {
  const rows = parameters.filter((parameter): parameter is Parameter => !('$ref' in parameter));
  return table(
    rows.map(({ name, in: where, required, description, schema }) => ({
      name,
      about: `${where}${required ? ', required' : ''}`,
      schema: description === undefined ? schema : { ...schema, description },
    })),
  );
}

function properties({ properties: parts, required = [] }: JsonSchema): Html | '' {
  if (typeof parts !== 'object' || parts === null) return '';
  return table(
    Object.entries(parts as Record<string, JsonSchema>).map(([name, schema]) => ({
      name,
      about: (required as readonly string[]).includes(name) ? 'always' : 'may be left out',
      schema,
    })),
  );
}

interface Row {
  readonly name: string;
  readonly about: string;
  readonly schema: JsonSchema;
}

function table(rows: readonly Row[]): Html {
  return html`<table>
    <tbody>
      ${rows.map(
        ({ name, about, schema }) =>
          html`<tr>
            <td><code>${name}</code></td>
            <td class="dim">${about}</td>
            <td>${typeText(schema)} ${schema['description']}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** A schema in a few words. */
function typeText(schema: JsonSchema): Html | string {
  const { $ref: ref, type, items, anyOf, enum: values, minimum, maximum, minLength, maxLength } = schema;
  if (typeof ref === 'string') {
    const name = ref.replace(/^.*\//, '');
    return html`<a href="#object-${name}">${name}</a>`;
  }
  if (Array.isArray(anyOf))
    return html`${anyOf.map((part: JsonSchema, i) => html`${i === 0 ? '' : ' or '}${typeText(part)}`)}`;
  if (Array.isArray(values)) return values.join(', ');
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (type === 'array') return html`list of ${typeText((items ?? {}) as JsonSchema)}`;
  const [least, most] = type === 'string' ? [minLength, maxLength] : [minimum, maximum];
  const range =
    typeof most === 'number'
      ? ` ${Number(least ?? 0)}–${most}`
      : typeof least === 'number'
        ? ` from ${least}`
        : '';
  const unit = type === 'string' && range !== '' ? ' characters' : '';
  const byDefault = 'default' in schema ? `, ${JSON.stringify(schema['default'])} by default` : '';
  return `${typeof type === 'string' ? type : 'any JSON'}${range}${unit}${byDefault}`;
}

function shown(example: unknown): string {
  return typeof example === 'string' ? example : JSON.stringify(example, null, 2);
}
