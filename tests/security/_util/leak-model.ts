/** Who sees which message, in the words of the README: nothing of the hub's own code is used. */
import type { Visibility } from '../../../src/store/port.ts';
import { ADMINS, memberOf, STRANGERS, type MemberName } from './leak-cast.ts';

export interface ModelMessage {
  readonly id: number;
  readonly by: MemberName;
  readonly to: readonly string[];
  readonly parent: ModelMessage | null;
  visibility: Visibility;
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Of a message in the workspace `default`. */
export function sees(viewer: MemberName, { by, to, visibility }: ModelMessage): boolean {
  if (STRANGERS.includes(viewer)) return false;
  if (ADMINS.includes(viewer)) return true;
  const [me, sender] = [memberOf(viewer), memberOf(by)];
  const named = to.some((name) => same(name, me.agent) || same(name, `type:${me.type}`));
  switch (visibility) {
    case 'public':
      return true;
    case 'private':
      return same(me.agent, sender.agent) || named;
    case 'agent_only':
      return same(me.type, sender.type);
    case 'admin_only':
      return false;
  }
}
