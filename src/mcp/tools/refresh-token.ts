import { z } from 'zod';
import { isoTime } from '../shapes.ts';
import { defineTool } from '../tool.ts';

export const refreshToken = defineTool({
  name: 'refresh_token',
  title: 'Refresh token',
  description:
    'A new token for one of authenticate_agent, which then ends in 60 s. Tokens live 24 h after their last use.',
  permission: 'read',
  core: false,
  rate: 'auth',
  hints: { readOnly: false, idempotent: false, destructive: true },
  authenticates: true,
  input: z.strictObject({ current_token: z.string() }),
  output: z.object({ token: z.string(), expires_at: z.string() }),
  async handler({ services }, ctx, input) {
    const { token, expiresAt } = await services.handles.refresh(ctx, input.current_token);
    return { token, expires_at: isoTime(expiresAt) };
  },
});
