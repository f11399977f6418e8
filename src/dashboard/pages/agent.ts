/** `/ui/agents/:id`: what an agent is, holds and said last. */
import { toAgent, toLease, toMessage, type Agent, type Lease, type Message } from '../../http/objects.ts';
import { timeLeft } from '../controls.ts';
import { agentName, counted, countOf, mark, timeOf } from '../parts.ts';
import { ANY_EVENT, definePage, html, none, type Html, type View } from '../page.ts';
import { statusMark } from './agents.ts';

interface Data {
  readonly agent: Agent;
  /** Those it said last, newest first. */
  readonly messages: readonly Message[];
  readonly leases: readonly Lease[];
}

const MESSAGES = 20;
const LEASES = 50;
const SHOWN = 300;

export const agentPage = definePage<Data>({
  path: '/agents/:id',
  scripts: ['countdown'],
  live: () => ({ kinds: ANY_EVENT, everySeconds: 10 }),

  async load({ ctx, services, param }) {
    const agent = toAgent(await services.directory.get(ctx, param('id')));
    const sender = agent.agent_id;
    const { messages } = await services.messages.bySender(ctx, { sender, limit: MESSAGES });
    const { leases } = await services.leases.list(ctx, { holder: sender, limit: LEASES });
    return { agent, messages: messages.map(toMessage), leases: leases.map(toLease) };
  },

  title: ({ agent }) => agent.agent_id,

  main({ agent, messages, leases }, view) {
    const id = agent.agent_id;
    return html`<div class="head">
        <p class="crumbs"><a href="/ui/agents">Agents</a></p>
        <h1>${agentName(id)}</h1>
        <p class="facts">
          ${statusMark(agent.status)} ${mark(agent.agent_type)} ${seen(agent, view)}
          <span>${counted(agent.connections, 'connection')}</span>
          <span>${countOf(agent.unread)} unread</span>
          <a href="/ui/audit?agent_id=${encodeURIComponent(id)}">Audit</a>
          <a href="/ui/sessions?agent=${encodeURIComponent(id)}">Sessions it opened</a>
        </p>
      </div>
      ${leases.length === 0 ? none : held(leases, view)}
      <section class="block">
        <h2>Said last</h2>
        ${
          messages.length === 0
            ? html`<p class="faint">It has said nothing so far.</p>`
            : html`<table class="list">
                <thead>
                  <tr>
                    <th scope="col">Message</th>
                    <th scope="col">Type</th>
                    <th scope="col">When</th>
                  </tr>
                </thead>
                <tbody>
                  ${messages.map((message) => said(message, view))}
                </tbody>
              </table>`
        }
      </section>`;
  },
});

function seen({ last_seen: at, last_tool: tool, client }: Agent, { now }: View): Html {
  return html`<span>last seen ${timeOf(at, now)}</span>
    ${tool === null ? none : html`<span>last called <code>${tool}</code></span>`}
    ${client === null ? none : html`<span>with ${client}</span>`}`;
}

function held(leases: readonly Lease[], { now }: View): Html {
  return html`<section class="block">
    <h2>Holds</h2>
    <ul class="plain">
      ${leases.map(
        ({ resources, mode, expires_at: until }) =>
          html`<li>
            ${resources.map((resource) => html`<code>${resource}</code> `)}${mark(mode)} for another
            ${timeLeft(until, now)}
          </li>`,
      )}
    </ul>
    <p><a href="/ui/leases">All leases</a></p>
  </section>`;
}

function said({ id, session_id, content, message_type: type, timestamp }: Message, { now }: View): Html {
  const text = content.length > SHOWN ? `${content.slice(0, SHOWN)}…` : content;
  return html`<tr data-row>
    <td class="wide said">
      <a class="row" href="/ui/sessions/${encodeURIComponent(session_id)}?at=${id}#m-${id}">${text}</a>
    </td>
    <td>${type === 'message' ? none : mark(type.replace('_', ' '), `type-${type}`)}</td>
    <td class="when">${timeOf(timestamp, now)}</td>
  </tr>`;
}
