/** `schub login`: prints an address that opens the dashboard, once. */
import { z } from 'zod';
import type { HubClient } from './client.ts';
import { EXIT, type Output } from './output.ts';

const linkSchema = z.object({ url: z.string(), expires_at: z.string() });

/** Answers the exit code. @throws CliError if the key is not an admin's. */
export async function login({ client, output }: { client: HubClient; output: Output }): Promise<number> {
  const link = await client.read(linkSchema, '/api/v1/login-links', { json: {} });
  if (output.json) output.document(link);
  else {
    output.note('Open this in a browser; it is good once, for ten minutes:');
    output.line(link.url);
  }
  return EXIT.ok;
}
