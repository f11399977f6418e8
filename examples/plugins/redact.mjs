/** Replaces what looks like a secret before it is stored: in messages, sessions and memory. See docs/plugins.md. */
import { definePlugin, HubError, z } from 'shared-context-hub/plugin';

const KNOWN = [
  /\bAKIA[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{36,}\b/g,
  /\bsk-[A-Za-z0-9_-]{20,}/g,
  /\bschk_[A-Za-z0-9_-]{16,}/g,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

/** Any JSON value with the texts in it replaced, names of fields included. */
function redactAll(value, redact) {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactAll(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [redact(name), redactAll(item, redact)]),
  );
}

const isPattern = (text) => {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
};

function decide({ config, state }, fields) {
  const changes = state.changes(fields);
  const [field] = Object.keys(changes);
  if (field === undefined) return undefined;
  if (config.action === 'replace') return changes;
  throw new HubError('INVALID_INPUT', `${field} holds what looks like a secret; it was not stored.`, {
    context: { field },
    suggestions: ['Leave the secret out, and say where it can be found instead.'],
  });
}

export const plugin = definePlugin({
  name: 'redact',
  version: '1.0.0',
  // An admin sees all that is written in its workspace; `workspace: '*'` in hub.config.yaml makes it all workspaces.
  permissions: ['read', 'admin'],
  // Rather no messages than secrets in them.
  required: true,
  config: z.object({
    replacement: z.string().max(100).default('[redacted]'),
    /** `refuse` tells the sender to leave the secret out, `replace` takes it out. */
    action: z.enum(['replace', 'refuse']).default('replace'),
    patterns: z.array(z.string().refine(isPattern, 'expected a regular expression')).default([]),
  }),
  start({ config }) {
    const patterns = [...KNOWN, ...config.patterns.map((text) => new RegExp(text, 'g'))];
    const redact = (text) =>
      patterns.reduce((left, pattern) => left.replace(pattern, config.replacement), text);
    return {
      /** The fields that are other than before. */
      changes(fields) {
        const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
        return Object.fromEntries(
          entries
            .map(([name, value]) => [name, value, redactAll(value, redact)])
            .filter(([, before, after]) => JSON.stringify(before) !== JSON.stringify(after))
            .map(([name, , after]) => [name, after]),
        );
      },
    };
  },
  before: {
    'message.add': ({ content, metadata }, my) => decide(my, { content, metadata }),
    'session.create': ({ purpose, metadata }, my) => decide(my, { purpose, metadata }),
    'session.update': ({ purpose, metadata }, my) => decide(my, { purpose, metadata }),
    'memory.set': ({ value, metadata }, my) => decide(my, { value, metadata }),
  },
});
