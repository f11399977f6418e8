/** `/ui/agents`: who is there, and what each did last. */
import { agentsInput, listAgents } from '../../http/api/agents.ts';
import { parser } from '../../http/api/context.ts';
import { toAgent } from '../../http/objects.ts';
import { filledIn, pager } from '../controls.ts';
import { agentName, countOf, mark, timeOf } from '../parts.ts';
import { ANY_EVENT, definePage, html, none, type Html, type View } from '../page.ts';

/** One of the listing; what listings by id do not count is null. */
interface Row {
  readonly agent_id: string;
  readonly agent_type: string;
  readonly status: 'online' | 'idle' | 'offline';
  readonly last_seen: string;
  readonly last_tool: string | null;
  readonly client: string | null;
  readonly connections: number;
  readonly unread: number | null;
}

interface Data {
  readonly agents: readonly Row[];
  /** There are more than those that were there last. */
  readonly more: boolean;
  readonly next_cursor?: string | undefined;
}

const checked = parser(agentsInput);
const PER_PAGE = 100;

export const agentsPage = definePage<Data>({
  path: '/agents',
  nav: 'Agents',
  // Who only reads, or goes away, is in no event.
  live: () => ({ kinds: ANY_EVENT, everySeconds: 10 }),

  async load(view) {
    const { ctx, services, query } = view;
    if (isById(query)) {
      const input = checked({ ...filledIn(query, ['cursor']), limit: PER_PAGE });
      const page = await listAgents(view, ctx, input);
      return { ...page, more: false, agents: page.agents.map((agent) => ({ ...agent, unread: null })) };
    }
    const { agents, more } = await services.directory.list(ctx);
    return { agents: agents.map(toAgent), more };
  },

  title: () => 'Agents',

  main(data, view) {
    const { query } = view;
    if (data.agents.length === 0 && !query.has('cursor')) return nobody();
    const count = (status: Row['status']): number =>
      data.agents.filter((one) => one.status === status).length;
    return html`<div class="head">
        <h1>Agents</h1>
        <p class="facts">
          ${statusMark('online', `${count('online')} online`)} ${statusMark('idle', `${count('idle')} idle`)}
          ${statusMark('offline', `${count('offline')} offline`)}
          <a href="/ui/leases">Leases</a>
          ${
            isById(query)
              ? html`<a href="/ui/agents">Last seen first</a>`
              : html`<a href="/ui/agents?by=id">All, by id</a>`
          }
        </p>
      </div>
      ${table(data.agents, view)}
      ${data.more ? html`<p class="faint">Only those that were there last are shown.</p>` : none}
      ${pager(query, data.next_cursor, { label: 'More agents', first: 'First agents', next: 'More agents' })}`;
  },
});

function isById(query: URLSearchParams): boolean {
  return query.get('by') === 'id';
}

/** Whether an agent is there, in words and in colour. */
export function statusMark(status: Row['status'], words: string = status): Html {
  return html`<span class="status" data-status="${status}"
    ><span class="dot" aria-hidden="true"></span>${words}</span
  >`;
}

/** Where the page of an agent is. */
export function agentPath(agentId: string): string {
  return `/ui/agents/${encodeURIComponent(agentId)}`;
}

function table(agents: readonly Row[], { now }: View): Html {
  return html`<table class="list">
    <thead>
      <tr>
        <th scope="col">Agent</th>
        <th scope="col">Status</th>
        <th scope="col">Type</th>
        <th scope="col">Client</th>
        <th scope="col">Last tool</th>
        <th scope="col" class="number">Connections</th>
        <th scope="col" class="number">Unread</th>
        <th scope="col">Last seen</th>
      </tr>
    </thead>
    <tbody>
      ${agents.map(
        (agent) =>
          html`<tr data-row data-key="${agent.agent_id}">
            <td class="name">
              <a class="row" href="${agentPath(agent.agent_id)}">${agentName(agent.agent_id)}</a>
            </td>
            <td>${statusMark(agent.status)}</td>
            <td>${mark(agent.agent_type)}</td>
            <td class="faint">${agent.client ?? html`<span class="nothing">–</span>`}</td>
            <td>
              ${agent.last_tool === null ? html`<span class="faint nothing">–</span>` : html`<code>${agent.last_tool}</code>`}
            </td>
            <td class="number">
              ${countOf(agent.connections)}<span class="unit">
                ${agent.connections === 1 ? 'connection' : 'connections'}</span
              >
            </td>
            <td class="number">
              ${
                agent.unread === null
                  ? html`<span class="nothing">–</span>`
                  : html`${countOf(agent.unread)}<span class="unit"> unread</span>`
              }
            </td>
            <td class="when">${timeOf(agent.last_seen, now)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function nobody(): Html {
  return html`<div class="head"><h1>Agents</h1></div>
    <div class="empty">
      <h2>No agent has been here yet</h2>
      <p>
        An agent appears as soon as its client connects. <a href="/ui/connect">Connect a client</a>, or run:
      </p>
      <p><code class="command" data-copy>schub connect --all</code></p>
    </div>`;
}
