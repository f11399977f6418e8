/** Whom a message speaks to: those it names in `to`, those it mentions, and the sender of what it replies to. */
import type { Principal } from '../../context.ts';
import { ALL_WORKSPACES } from '../../store/port.ts';
import { agentAudience, typeAudience } from './visibility.ts';

export interface Spoken {
  /** Agent ids, and `type:T`. */
  readonly to: readonly string[];
  readonly content: string;
  /** Who wrote what it replies to; undefined: no agent, or no reply. */
  readonly inReplyTo: string | undefined;
  readonly sender: string;
}

/** An id after `@`, unless the `@` is inside of a word, as in an address of mail. */
const MENTION = /(?<![A-Za-z0-9._@-])@([A-Za-z0-9._@-]{1,100})(?![A-Za-z0-9._@-])/g;
const PUNCTUATION = /[._@-]+$/;
/** More are not a conversation. */
const MAX_MENTIONS = 50;
const TYPE = 'type:';

/** As audiences: `agent:A` and `type:T`, in lower case. Never the sender by its own name. */
export function addresseesOf({ to, content, inReplyTo, sender }: Spoken): readonly string[] {
  const names = new Set(to.map((name) => (name.startsWith(TYPE) ? name.toLowerCase() : agentAudience(name))));
  for (const id of mentionsIn(content)) names.add(agentAudience(id));
  if (inReplyTo !== undefined) names.add(agentAudience(inReplyTo));
  names.delete(agentAudience(sender));
  return [...names];
}

/** Names that speak to this caller. An operator of all workspaces is none of their agents. */
export function namesOf({ workspace, agentId, agentType }: Principal): readonly string[] {
  return workspace === ALL_WORKSPACES ? [] : [agentAudience(agentId), typeAudience(agentType)];
}

/** With and without what may be the punctuation of a sentence: ids may end with it, too. */
function mentionsIn(content: string): ReadonlySet<string> {
  const ids = new Set<string>();
  if (!content.includes('@')) return ids;
  for (const [, id = ''] of content.matchAll(MENTION)) {
    if (ids.size >= MAX_MENTIONS) break;
    ids.add(id);
    const bare = id.replace(PUNCTUATION, '');
    if (bare !== '') ids.add(bare);
  }
  return ids;
}
