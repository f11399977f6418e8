/** The text of `.env.example`, made from the table of settings. */
import type { Section, Setting } from './settings.ts';
import { SECTIONS, SETTING_KEYS, SETTINGS } from './settings.ts';

const TITLES: Readonly<Record<Section, string>> = {
  keys: 'Keys (those not set are made at the first start and kept in the data folder)',
  http: 'HTTP',
  store: 'Store',
  log: 'Log',
  mcp: 'MCP',
  limits: 'Limits',
  client: 'Command line',
};

const HEAD = `# Settings of Shared Context Hub. Every one is optional.
# Copy this file to .env: beside package.json for a clone started by npm, else into the data folder.
# Flags of the command line and the environment go before .env.
`;

/** Every setting with what it does and, commented out, its default. */
export function renderEnvExample(): string {
  const sections = SECTIONS.map((section) => {
    const rows = SETTING_KEYS.filter((key) => SETTINGS[key].section === section).map((key) => {
      const { description, fallback, otherwise }: Setting<unknown, unknown> = SETTINGS[key];
      const note = otherwise === undefined ? '' : ` Not set: ${otherwise}.`;
      return `# ${description}${note}\n# ${key}=${asText(fallback)}\n`;
    });
    return `## ${TITLES[section]}\n\n${rows.join('\n')}`;
  });
  return `${HEAD}\n${sections.join('\n')}`;
}

function asText(fallback: unknown): string {
  if (fallback === null || fallback === undefined) return '';
  return typeof fallback === 'string' ? fallback : JSON.stringify(fallback).replace(/^\[|\]$/g, '');
}
