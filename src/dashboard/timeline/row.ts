/** A message in a timeline. */
import { isFromOperator } from '../../features/messages/from-operator.ts';
import type { Message } from '../../http/objects.ts';
import { html, none, type Html } from '../page.ts';
import { agentName, hueOf, mark, timeOf } from '../parts.ts';
import type { RenderBody } from '../render-body.ts';
import type { Rows } from './load.ts';

export interface RowOptions {
  readonly now: number;
  /** Contents as they were written. */
  readonly raw: boolean;
  readonly renderBody: RenderBody;
  /** The address of the timeline. */
  readonly path: string;
}

const FOLDED_CHARS = 1500;
const FOLDED_LINES = 20;
const MAX_DEPTH = 4;
/** One sender's messages within this time stand under one name. */
const SAME_BREATH_MS = 5 * 60_000;

/** A list of rows; it says how it goes on, for the script that adds to it. */
export function rowList({ messages, older, newer, upTo }: Rows, options: RowOptions): Html {
  const depths = depthsOf(messages);
  const senders = new Map(messages.map(({ id, sender }) => [id, sender]));
  return html`<ol
    id="rows"
    class="timeline"
    aria-label="Messages, oldest first"
    data-older="${older ?? ''}"
    data-newer="${newer ?? ''}"
    data-up-to="${upTo}"
  >
    ${messages.map((message, index) => {
      const before = messages[index - 1];
      const parent = message.parent_message_id;
      return row(message, {
        ...options,
        depth: depths.get(message.id) ?? 0,
        follows: before !== undefined && follows(before, message),
        parentSender: parent === null ? undefined : senders.get(parent),
      });
    })}
  </ol>`;
}

function follows(before: Message, message: Message): boolean {
  return (
    before.sender === message.sender &&
    before.parent_message_id === message.parent_message_id &&
    Math.abs(Date.parse(message.timestamp) - Date.parse(before.timestamp)) <= SAME_BREATH_MS
  );
}

/** How deep each stands in its thread, as far as the thread is on the page. */
function depthsOf(messages: readonly Message[]): ReadonlyMap<number, number> {
  const depths = new Map<number, number>();
  for (const { id, parent_message_id: parent } of messages) {
    if (parent !== null) depths.set(id, Math.min((depths.get(parent) ?? 0) + 1, MAX_DEPTH));
  }
  return depths;
}

interface Placed extends RowOptions {
  readonly depth: number;
  readonly follows: boolean;
  /** Undefined: the parent, if there is one, is not on the page. */
  readonly parentSender: string | undefined;
}

function row(message: Message, placed: Placed): Html {
  const { id, sender, parent_message_id: parent, pinned } = message;
  const { depth, now, path } = placed;
  const classes = [
    'msg',
    hueOf(sender),
    `depth-${depth}`,
    placed.follows ? 'same' : '',
    pinned ? 'pinned' : '',
  ];
  return html`<li
    id="m-${id}"
    class="${classes.filter(Boolean).join(' ')}"
    data-id="${id}"
    data-sender="${sender}"
    tabindex="-1"
  >
    <div class="from">${agentName(sender)}</div>
    <div class="what">${context(message, placed)} ${body(message, placed)}</div>
    <div class="side">
      <span class="tools">
        ${parent === null ? none : html`<a href="${path}?thread=${id}">Thread</a>`}
        <a href="${path}?view=raw&amp;at=${id}#m-${id}" data-raw>Raw</a>
        <button type="button" data-copy-text>Copy</button>
      </span>
      ${message.imported === true ? html`<span class="faint">imported</span>` : none}
      <a class="when" href="${path}#m-${id}" data-copy-link>${timeOf(message.timestamp, now)}</a>
    </div>
  </li>`;
}

function replyTo(parent: number, { path, parentSender }: Placed): Html {
  const href = parentSender === undefined ? `${path}?at=${parent}#m-${parent}` : `#m-${parent}`;
  return html`<a class="reply" href="${href}"
    ><span aria-hidden="true">↳ </span>reply to
    ${parentSender === undefined ? html`#${parent}` : agentName(parentSender)}</a
  >`;
}

/** What is to be known before the content: whom it answers, and what is special about it. */
function context(message: Message, placed: Placed): Html {
  const { message_type: type, visibility, to, pinned, parent_message_id: parent } = message;
  const all = [
    ...(parent === null || placed.follows ? [] : [replyTo(parent, placed)]),
    ...(isFromOperator(message.metadata) && message.imported !== true ? [mark('operator', 'person')] : []),
    ...(pinned ? [mark('pinned', 'note')] : []),
    ...(type === 'message' ? [] : [mark(type, `type-${type}`)]),
    ...(visibility === 'public' ? [] : [mark(visibility.replace('_', ' '), 'hidden-from')]),
    ...(to.length === 0
      ? []
      : [html`<span class="to"><span class="faint">to</span> ${to.map(agentName)}</span>`]),
  ];
  return all.length === 0 ? none : html`<div class="marks">${all}</div>`;
}

function body(message: Message, { raw, renderBody }: Placed): Html {
  const { content } = message;
  const shown = raw
    ? html`<pre class="raw">${content}</pre>`
    : html`<div class="md">${renderBody(message)}</div>`;
  const lines = content.split('\n', FOLDED_LINES + 1).length;
  if (content.length <= FOLDED_CHARS && lines <= FOLDED_LINES) return shown;
  const size = `${content.length.toLocaleString('en')} characters`;
  return html`<details class="fold">
    <summary><span class="more">Show all ${size}</span><span class="less">Show less</span></summary>
    ${shown}
  </details>`;
}
