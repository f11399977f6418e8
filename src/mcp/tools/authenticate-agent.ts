import { z } from 'zod';
import { PERMISSIONS } from '../../context.ts';
import { isoTime } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { agentName, permissions } from './fields.ts';

export const authenticateAgent = defineTool({
  name: 'authenticate_agent',
  title: 'Authenticate agent',
  description: 'A token for a sub-agent on this connection: its calls pass it as auth_token.',
  permission: 'read',
  core: false,
  rate: 'auth',
  hints: { readOnly: false, idempotent: false, destructive: false },
  authenticates: true,
  input: z.strictObject({
    agent_id: agentName(100),
    agent_type: agentName(50),
    requested_permissions: permissions,
  }),
  output: z.object({
    token: z.string(),
    agent_id: z.string(),
    agent_type: z.string(),
    permissions: z.array(z.enum(PERMISSIONS)),
    expires_at: z.string(),
  }),
  async handler({ services }, ctx, input) {
    const { token, expiresAt, principal } = await services.handles.authenticate(ctx, {
      agentId: input.agent_id,
      agentType: input.agent_type,
      permissions: input.requested_permissions,
    });
    return {
      token,
      agent_id: principal.agentId,
      agent_type: principal.agentType,
      permissions: [...principal.permissions],
      expires_at: isoTime(expiresAt),
    };
  },
});
