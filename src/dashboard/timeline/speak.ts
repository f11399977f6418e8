/** What an operator does in a session besides reading: says something, closes it, opens it again. */
import { MESSAGE_TYPES, VISIBILITIES, type Session } from '../../http/objects.ts';
import { confirmed } from '../controls.ts';
import { csrfField } from '../layout.ts';
import { html, type Html, type View } from '../page.ts';
import { select } from '../parts.ts';

const option = (text: string) => ({ value: text, label: text.replace('_', ' ') });

/** Under the messages. */
export function speakForm({ is_active: isActive }: Session, view: View): Html {
  if (!isActive) return closedNote(view);
  return html`<form method="post" action="${view.path}/messages" class="speak stack">
    ${csrfField(view)}
    <label class="field"
      ><span>Say something as a person: all agents see that it is from an operator</span>
      <textarea name="content" rows="2" required></textarea>
    </label>
    <details class="filtering">
      <summary>To whom, and as what</summary>
      <div class="filters">
        ${select('type', 'Type', MESSAGE_TYPES.map(option), 'message')}
        <label class="field grow"
          ><span>To</span><input name="to" placeholder="Everybody; else agent ids, or type:reviewer"
        /></label>
        ${select('visibility', 'Who sees it', VISIBILITIES.map(option), 'public')}
      </div>
    </details>
    <button class="primary">Send</button>
  </form>`;
}

function closedNote(view: View): Html {
  return html`<form method="post" action="${view.path}/state" class="speak closed">
    ${csrfField(view)}
    <input type="hidden" name="state" value="active" />
    <p>This session is closed and takes no new messages.</p>
    <button>Reopen the session</button>
  </form>`;
}

export function closeQuestion(view: View): Html {
  return confirmed(view, {
    ...{ ask: 'Close …', about: 'the session', button: 'Close the session' },
    question: 'Agents can still read it, and nobody can write to it until it is reopened.',
    action: `${view.path}/state`,
    fields: html`<input type="hidden" name="state" value="closed" />`,
  });
}
