/** What the first start tells its operator, once: the keys, and how clients are connected with them. */
import type { LoadedSecrets } from '../config/secrets.ts';

/**
 * Paste-ready configuration of clients; empty where no key was made. `url` is the hub's address, `connect` the command that
 * connects all of them.
 */
export function firstStartText({ secrets, made, file }: LoadedSecrets, url: string, connect: string): string {
  const rows: string[] = [];
  if (made.includes('API_KEY')) rows.push(`  agents     ${secrets.apiKey}`);
  if (made.includes('ADMIN_API_KEY')) rows.push(`  operators  ${secrets.adminApiKey}`);
  if (rows.length === 0) return '';
  const said = rows.length === 1 ? 'This key was made now and is' : 'These keys were made now and are';
  const head = `${said} shown only once (kept in ${file}):\n\n${rows.join('\n')}\n`;
  return made.includes('API_KEY') ? `${head}\n${snippets(secrets.apiKey, `${url}/mcp`, connect)}` : head;
}

function snippets(key: string, mcp: string, connect: string): string {
  const header = `"Authorization: Bearer ${key}"`;
  const hub = { type: 'http', url: mcp, headers: { Authorization: `Bearer \${HUB_KEY}` } };
  return `Connect the clients that are installed, each with a key of its own:

  ${connect}

Or by hand (Codex and .mcp.json take the key from the environment):

  # Claude Code
  claude mcp add --transport http --scope user hub ${mcp} --header ${header}

  # Codex
  export HUB_KEY=${key}
  codex mcp add hub --url ${mcp} --bearer-token-env-var HUB_KEY

  # Gemini CLI
  gemini mcp add --scope user --transport http --header ${header} hub ${mcp}

  # .mcp.json of a project
  ${JSON.stringify({ mcpServers: { hub } })}
`;
}
