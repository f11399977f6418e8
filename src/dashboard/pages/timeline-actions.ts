/** What the forms of a timeline do. */
import { invalid } from '../../errors.ts';
import { FROM_OPERATOR } from '../../features/messages/from-operator.ts';
import { MESSAGE_TYPES, VISIBILITIES } from '../../http/objects.ts';
import type { Action, View } from '../page.ts';
import { oneOf } from '../timeline/filter.ts';

const STATES = ['active', 'closed'] as const;

/** @throws HubError SESSION_CLOSED, SESSION_NOT_FOUND, AGENT_NOT_FOUND, INVALID_INPUT */
export const speak: Action = {
  path: '/sessions/:id/messages',
  async run(view, { content = '', type = 'message', to = '', visibility = 'public' }) {
    const posted = await view.services.messages.add(view.ctx, view.param('id'), {
      // Browsers send the ends of lines as two characters.
      content: content.replaceAll('\r\n', '\n'),
      messageType: oneOf('type', type, MESSAGE_TYPES),
      visibility: oneOf('visibility', visibility, VISIBILITIES),
      to: recipients(to),
      metadata: FROM_OPERATOR,
    });
    return { to: `${timelineOf(view)}#m-${posted.messageId}` };
  },
};

/** @throws HubError SESSION_NOT_FOUND, INVALID_INPUT */
export const closeOrReopen: Action = {
  path: '/sessions/:id/state',
  async run(view, { state = '' }) {
    const isActive = oneOf('state', state, STATES) === 'active';
    await view.services.sessions.update(view.ctx, { sessionId: view.param('id'), isActive });
    return { to: timelineOf(view) };
  },
};

const MAX_RECIPIENTS = 50;

/** @throws HubError INVALID_INPUT */
function recipients(text: string): readonly string[] {
  const all = text.split(/[\s,]+/).filter((name) => name !== '');
  if (all.length <= MAX_RECIPIENTS) return all;
  throw invalid('to', all.length, `at most ${MAX_RECIPIENTS} recipients`);
}

function timelineOf(view: View): string {
  return `/ui/sessions/${encodeURIComponent(view.param('id'))}`;
}
