/** How a message says that a person wrote it, and who may say so: agents heed people more than each other. */
import { may, type Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { JsonObject } from '../../store/port.ts';

/** Part of the metadata. */
export const FROM_OPERATOR = Object.freeze({ from: 'operator' });

export function isFromOperator({ from }: JsonObject): boolean {
  return from === FROM_OPERATOR.from;
}

/** @throws HubError PERMISSION_DENIED */
export function demandMaySpeakAsOperator(ctx: Ctx, metadata: JsonObject): void {
  if (!isFromOperator(metadata) || may(ctx.principal, 'admin')) return;
  throw new HubError(
    'PERMISSION_DENIED',
    "Only a key with the permission admin may mark a message as an operator's.",
    {
      context: { field: 'metadata.from', value: FROM_OPERATOR.from },
      suggestions: ['Leave from out of the metadata, or give it another value.'],
    },
  );
}
