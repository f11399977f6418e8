/** `/ui/keys`: API keys, made, given another text, ended. A text is shown once, in the answer to what made it. */
import { z } from 'zod';
import { PERMISSIONS } from '../../context.ts';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { SETTING_OF } from '../../features/keys/bootstrap.ts';
import { parser } from '../../http/api/context.ts';
import { newKeyInput, rotateInput, toKey, toNewKey, type Key } from '../../http/api/keys.ts';
import { confirmed, filledIn, pager } from '../controls.ts';
import { csrfField } from '../layout.ts';
import { agentNames, mark, select, timeOf } from '../parts.ts';
import { definePage, html, none, type Action, type Html, type View } from '../page.ts';

interface Data {
  readonly keys: readonly Key[];
  readonly next_cursor?: string;
}

const KIND = 'ui/keys';
const PER_PAGE = 50;
const SHOWN_AGENTS = 3;
const DAY = 24 * 60 * 60;
const position = z.object({ createdAt: z.number(), keyId: z.string() });
const checkNew = parser(newKeyInput);
const checkRotate = parser(rotateInput);

const EXPIRIES = [
  { value: '', label: 'Never' },
  { value: String(7 * DAY), label: 'In 7 days' },
  { value: String(30 * DAY), label: 'In 30 days' },
  { value: String(90 * DAY), label: 'In 90 days' },
  { value: String(365 * DAY), label: 'In a year' },
];
const OVERLAPS = [
  { value: String(DAY), label: 'a day' },
  { value: String(60 * 60), label: 'an hour' },
  { value: '0', label: 'not at all' },
];

export const keysPage = definePage<Data>({
  path: '/keys',
  nav: 'Keys',

  async load({ ctx, services, epoch, query }) {
    const { cursor } = filledIn(query, ['cursor']);
    const page = await services.keys.list(ctx, {
      limit: PER_PAGE,
      ...(cursor === undefined ? {} : { after: decodeCursor(epoch, KIND, position, cursor) }),
    });
    return {
      keys: page.keys.map(toKey),
      ...(page.next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, page.next) }),
    };
  },

  title: () => 'Keys',

  main({ keys, next_cursor: next }, view) {
    return html`<div class="head">
        <h1>Keys</h1>
        <p class="faint">
          Each client has a key of its own. To connect one, <a href="/ui/connect">have its settings made</a>.
        </p>
        ${newKeyForm(view)}
      </div>
      ${keys.length === 0 ? html`<div class="empty"><p>There are no keys here.</p></div>` : table(keys, view)}
      ${pager(view.query, next, { label: 'More keys', first: 'Newest keys', next: 'Older keys' })}`;
  },
});

export const createKey: Action = {
  path: '/keys',
  async run({ ctx, services }, form) {
    const { expires_in, agent_types, ...given } = filledIn(form, [
      'name',
      'workspace',
      'agent_id',
      'expires_in',
      'agent_types',
    ]);
    const input = checkNew({
      ...given,
      permissions: PERMISSIONS.filter((permission) => form[`may_${permission}`] !== undefined),
      ...(agent_types === undefined ? {} : { agent_types: agent_types.split(/[\s,]+/) }),
      ...(expires_in === undefined ? {} : { expires_in: Number(expires_in) }),
    });
    const { key, row } = await services.keys.create(ctx, toNewKey(input));
    return { title: 'A new key', main: told(key, `Key ${row.name} is made`) };
  },
};

export const rotateKey: Action = {
  path: '/keys/:id/rotate',
  async run({ ctx, services, param }, form) {
    const { overlap } = filledIn(form, ['overlap']);
    const input = checkRotate({
      key_id: param('id'),
      ...(overlap === undefined ? {} : { overlap: Number(overlap) }),
    });
    const { key, row } = await services.keys.rotate(ctx, input.key_id, input.overlap);
    return { title: 'A rotated key', main: told(key, `Key ${row.name} has another text`) };
  },
};

export const revokeKey: Action = {
  path: '/keys/:id/revoke',
  async run({ ctx, services, param }) {
    await services.keys.revoke(ctx, param('id'));
    return { to: '/ui/keys' };
  },
};

function told(key: string, what: string): Html {
  return html`<div class="head"><h1>${what}</h1></div>
    <div class="stack told">
      <p>This is the only time that it is shown: the hub keeps its hash, and cannot tell it again.</p>
      <p><code class="command" data-copy>${key}</code></p>
      <p class="faint">Press it to copy it.</p>
      <p><a href="/ui/keys">I have stored it</a></p>
    </div>`;
}

function newKeyForm(view: View): Html {
  return html`<details class="filtering">
    <summary>New key</summary>
    <form method="post" action="/ui/keys" class="filters">
      ${csrfField(view)}
      <label class="field"
        ><span>Name</span
        ><input
          name="name"
          required
          maxlength="100"
          placeholder="laptop"
          pattern="[A-Za-z0-9._@\\-]+"
          title="Letters, digits and . _ - @"
      /></label>
      <label class="field"
        ><span>Workspace</span><input name="workspace" maxlength="100" placeholder="default"
      /></label>
      <label class="field"
        ><span>Acts only as agent</span><input name="agent_id" maxlength="100" placeholder="Any"
      /></label>
      <label class="field"
        ><span>Only of types</span><input name="agent_types" maxlength="500" placeholder="Any"
      /></label>
      ${select('expires_in', 'Ends', EXPIRIES, '')}
      <fieldset class="field check">
        <legend class="hidden">May</legend>
        ${PERMISSIONS.map(
          (permission) =>
            html`<label class="field check"
              ><input
                type="checkbox"
                name="may_${permission}"
                value="1"
                ${permission === 'read' || permission === 'write' ? html`checked` : none}
              /><span>${permission}</span></label
            >`,
        )}
      </fieldset>
      <button class="primary">Make the key</button>
    </form>
  </details>`;
}

function table(keys: readonly Key[], view: View): Html {
  return html`<table class="list keys">
    <thead>
      <tr>
        <th scope="col">Name</th>
        <th scope="col">May</th>
        <th scope="col">Acts as</th>
        <th scope="col">Workspace</th>
        <th scope="col">Made</th>
        <th scope="col">Ends</th>
        <th scope="col">Last used</th>
        <th scope="col"><span class="hidden">Change</span></th>
      </tr>
    </thead>
    <tbody>
      ${keys.map((key) => row(key, view))}
    </tbody>
  </table>`;
}

function row(key: Key, view: View): Html {
  const { now } = view;
  const state = stateOf(key, now);
  return html`<tr data-row ${state === undefined ? none : html`class="ended"`}>
    <td class="name">
      <strong>${key.name}</strong> ${state === undefined ? none : mark(state, 'bad')}
      <code class="faint id">${key.key_id}</code>
    </td>
    <td>
      ${key.permissions.map((permission) => html`${mark(permission, permission === 'admin' ? 'note' : '')} `)}
    </td>
    <td>${actsAs(key)}</td>
    <td class="faint">${key.workspace}</td>
    <td class="faint"><span class="unit">made </span>${timeOf(key.created_at, now)}</td>
    <td class="faint">
      <span class="unit">ends </span>${key.expires_at === null ? 'never' : timeOf(key.expires_at, now)}
      ${
        key.old_key_until === null || Date.parse(key.old_key_until) <= now
          ? none
          : html`<span class="old">old text ${timeOf(key.old_key_until, now)}</span>`
      }
    </td>
    <td class="faint">
      <span class="unit">used </span>${key.last_used_at === null ? 'never' : timeOf(key.last_used_at, now)}
    </td>
    <td class="act">${state === undefined ? changes(key, view) : none}</td>
  </tr>`;
}

function stateOf({ revoked_at: revoked, expires_at: expires }: Key, now: number): string | undefined {
  if (revoked !== null) return 'revoked';
  return expires !== null && Date.parse(expires) <= now ? 'expired' : undefined;
}

function actsAs({ agent_id: one, agent_ids: some, agent_types: types }: Key): Html {
  const ids = one === null ? some : [one];
  const agents = ids === null ? html`<span class="faint">any agent</span>` : agentNames(ids, SHOWN_AGENTS);
  return html`${agents} ${types === null ? none : types.map((type) => mark(type))}`;
}

function changes(key: Key, view: View): Html {
  const path = `/ui/keys/${encodeURIComponent(key.key_id)}`;
  const setting = SETTING_OF.get(key.key_id);
  const rotate = confirmed(view, {
    ask: 'Rotate…',
    about: `key ${key.name}`,
    question: `Give ${key.name} another text? What is bound to the key goes on.`,
    button: 'Rotate it',
    action: `${path}/rotate`,
    fields: select('overlap', 'The old text stays good for', OVERLAPS, String(DAY)),
  });
  const revoke = confirmed(view, {
    ask: 'Revoke…',
    about: `key ${key.name}`,
    question: `End ${key.name} for good? Whoever uses it is cut off at once.`,
    button: 'Revoke it',
    action: `${path}/revoke`,
  });
  return html`${setting === undefined ? rotate : html`<span class="faint">from ${setting}</span>`} ${revoke}`;
}
