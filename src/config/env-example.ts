/** The text of `.env.example`, made from the table of settings. */
import type { Section, Setting } from './settings.ts';
import { SECTIONS, SETTING_KEYS, SETTINGS } from './settings.ts';

const TITLES: Readonly<Record<Section, string>> = {
  keys: 'Those not set are made at the first start and kept in the data folder.',
  http: 'Where the hub listens, and whom it answers.',
  store: 'Its database.',
  log: 'What it writes down of itself.',
  telemetry: 'Traces and metrics for an OpenTelemetry collector; the names are those of OpenTelemetry.',
  mcp: 'Tools, sessions and agents.',
  limits: 'How much there may be, and how often one may ask.',
  plugins:
    'What extends the hub. In hub.config.yaml each plugin has a section of its own below plugins, by its name.',
  client: 'The command line.',
};

const HEAD = `# Settings of Shared Context Hub. Every one is optional.
# Copy this file to .env: beside package.json for a clone started by npm, else into the data folder.
# Flags of the command line and the environment go before .env, and .env before hub.config.yaml, which lies beside it or is
# named by --config. There the settings stand below their section, by the name in brackets or the one in capitals; \${NAME}
# stands for a variable of the environment:
#
#   http:
#     port: 23456
#     cors_origins: [https://app.example.com]
#   keys:
#     admin_api_key: \${MY_ADMIN_KEY}
`;

/** Every setting with what it does and, commented out, its default. */
export function renderEnvExample(): string {
  const sections = SECTIONS.map((section) => {
    const rows = SETTING_KEYS.filter((key) => SETTINGS[key].section === section).map((key) => {
      const { name, description, fallback, otherwise }: Setting<unknown, unknown> = SETTINGS[key];
      const note = otherwise === undefined ? '' : ` Not set: ${otherwise}.`;
      return `# [${name}] ${description}${note}\n# ${key}=${asText(fallback)}\n`;
    });
    return `## ${section}\n# ${TITLES[section]}\n\n${rows.join('\n')}`;
  });
  return `${HEAD}\n${sections.join('\n')}`;
}

function asText(fallback: unknown): string {
  if (fallback === null || fallback === undefined) return '';
  return typeof fallback === 'string' ? fallback : JSON.stringify(fallback).replace(/^[[{]|[\]}]$/g, '');
}
