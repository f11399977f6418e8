/** `/ui/connect`: a key and the settings for each client, made when asked for; and whether it has come. */
import { CLIENTS, type ConnectableClient } from '../../features/connect/clients.ts';
import { snippetOf } from '../../features/connect/snippet.ts';
import { invalid } from '../../errors.ts';
import { parser } from '../../http/api/context.ts';
import { newKeyInput, toKey, toNewKey, type Key } from '../../http/api/keys.ts';
import { filledIn } from '../controls.ts';
import { csrfField } from '../layout.ts';
import { timeOf } from '../parts.ts';
import { definePage, html, none, type Action, type Fragment, type Html, type View } from '../page.ts';

interface Row {
  readonly client: string;
  readonly name: string;
  /** That can be used, made for it as their names say, newest first. */
  readonly keys: readonly Key[];
  /** For a key that is made now. */
  readonly free_name: string;
}

interface Data {
  readonly clients: readonly Row[];
}

const checked = parser(newKeyInput);
const MAX_KEYS = 1_000;
/** In the place of the key, as long as nobody asks for it. */
const MASK = '•'.repeat(16);

export const connectPage = definePage<Data>({
  path: '/connect',
  nav: 'Connect',

  async load({ ctx, services, now }) {
    const { keys } = await services.keys.list(ctx, { limit: MAX_KEYS });
    const all = keys.map(toKey);
    return { clients: CLIENTS.map((client) => rowOf(client, all, now)) };
  },

  title: () => 'Connect',

  main({ clients }, view) {
    return html`<div class="head">
        <h1>Connect a client</h1>
        <p>
          On the machine of the hub one command does it for all of them:
          <code class="command" data-copy>schub connect --all</code>
        </p>
        <p class="faint">
          Elsewhere, paste what stands here into the client's settings. Each has a key of its own, so that it
          can be revoked alone.
        </p>
      </div>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Client</th>
            <th scope="col">State</th>
            <th scope="col"><span class="hidden">Settings</span></th>
          </tr>
        </thead>
        <tbody>
          ${clients.map((client) => row(client, view))}
        </tbody>
      </table>`;
  },
});

/** Makes the key; its text is in the answer alone. */
export const connectClient: Action = {
  path: '/connect/:client',
  async run({ ctx, services, publicUrl, param, asset }, form) {
    const client = clientNamed(param('client'));
    const { agent_id: agentId, name } = filledIn(form, ['agent_id', 'name']);
    const input = checked({ name, permissions: ['read', 'write'], agent_id: agentId });
    const { key, row: made } = await services.keys.create(ctx, toNewKey(input));
    const link = { url: publicUrl, key, agentId: input.agent_id ?? made.name };
    return { title: `Connect ${client.name}`, main: told(client, link, toKey(made), asset) };
  },
};

/** Whether a key has been used: asked for again and again by the page that shows it. */
export const connectState: Fragment = {
  path: '/connect/:key/state',
  async load({ ctx, services, param, now }) {
    return state(toKey(await services.keys.get(ctx, param('key'))), now);
  },
};

/** @throws HubError INVALID_INPUT */
function clientNamed(id: string): ConnectableClient {
  const client = CLIENTS.find((one) => one.id === id);
  if (client === undefined) throw invalid('client', id, CLIENTS.map((one) => one.id).join(', '));
  return client;
}

function rowOf({ id, name }: ConnectableClient, keys: readonly Key[], now: number): Row {
  const names = new Set(keys.map((key) => key.name));
  const its = new RegExp(`^${id}(-\\d+)?$`);
  const isLive = ({ revoked_at, expires_at }: Key): boolean =>
    revoked_at === null && (expires_at === null || Date.parse(expires_at) > now);
  let free = id;
  for (let n = 2; names.has(free); n++) free = `${id}-${n}`;
  return { client: id, name, keys: keys.filter((key) => its.test(key.name) && isLive(key)), free_name: free };
}

function row({ client, name, keys, free_name: free }: Row, view: View): Html {
  const used = keys.find((key) => key.last_used_at !== null) ?? keys[0];
  return html`<tr data-row>
    <td class="name"><strong>${name}</strong></td>
    <td>${used === undefined ? html`<span class="faint">not connected</span>` : state(used, view.now)}</td>
    <td class="act">
      <details class="confirm">
        <summary>
          ${used === undefined ? 'Connect…' : 'Connect another…'}<span class="hidden"> ${name}</span>
        </summary>
        <form method="post" action="/ui/connect/${client}" class="stack">
          ${csrfField(view)}
          <label class="field"
            ><span>Name of its key</span><input name="name" value="${free}" required maxlength="100"
          /></label>
          <label class="field"
            ><span>It acts as agent</span><input name="agent_id" value="${free}" required maxlength="100"
          /></label>
          <button class="primary">Make its key and settings</button>
        </form>
      </details>
    </td>
  </tr>`;
}

function state({ last_used_at: at }: Key, now: number): Html {
  return at === null
    ? html`<span class="status" data-status="waiting"
        ><span class="dot" aria-hidden="true"></span>waiting for it</span
      >`
    : html`<span class="status good" data-status="online"
        ><span class="dot" aria-hidden="true"></span>connected, used ${timeOf(at, now)}</span
      >`;
}

type Link = Parameters<typeof snippetOf>[1];

function told(client: ConnectableClient, link: Link, key: Key, asset: View['asset']): Html {
  const { paths, text } = snippetOf(client, link);
  const path = `/ui/connect/${encodeURIComponent(key.key_id)}/state`;
  return html`<div class="head">
      <p class="crumbs"><a href="/ui/connect">Connect</a></p>
      <h1>Connect ${client.name}</h1>
      <p id="state" data-path="${path}">${state(key, Date.parse(key.created_at))}</p>
    </div>
    <div class="stack told">
      <p>Put this into ${paths.map((one, i) => html`${i === 0 ? none : ' or '}<code>${one}</code>`)}:</p>
      <pre class="raw" id="masked">${text.replaceAll(link.key, MASK)}</pre>
      <details class="filtering">
        <summary>Show it with its key</summary>
        <pre class="raw" id="snippet">${text}</pre>
      </details>
      <p><button type="button" class="primary" id="copy" hidden>Copy it with its key</button></p>
      <p class="faint">
        The key is shown on this page alone: the hub keeps its hash. Restart ${client.name} when the file is
        saved.
      </p>
      <script type="module" src="${asset('connect.js')}"></script>
    </div>`;
}
