/** Posts events to an address, signed, one after the other, and again until they are taken. See docs/plugins.md. */
import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { definePlugin, z } from 'shared-context-hub/plugin';

const EVENTS = ['session.created', 'message.added', 'memory.changed', 'lease.granted', 'lease.released'];
const TIMEOUT_MS = 10_000;

/** Answers whether trying again makes sense. */
async function post({ url, secret }, { id, name, body }, signal) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('hex');
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    headers: {
      'Content-Type': 'application/json',
      'X-Hub-Event': name,
      'X-Hub-Delivery': id,
      'X-Hub-Timestamp': timestamp,
      'X-Hub-Signature-256': `sha256=${signature}`,
    },
    body,
  });
  await response.body?.cancel();
  if (response.ok) return 'taken';
  return response.status === 429 || response.status >= 500 ? 'later' : 'never';
}

function createSender(config, log, signal) {
  const waiting = [];
  let working;
  let failing = 0;
  let lost = 0;

  async function send(delivery) {
    for (let attempt = 1; !signal.aborted; attempt++) {
      const outcome = await post(config, delivery, signal).catch(() => 'later');
      failing = outcome === 'taken' ? 0 : failing + 1;
      if (outcome === 'taken') return;
      if (outcome === 'never' || attempt === config.attempts) {
        lost++;
        log.warn({ event: delivery.name, delivery: delivery.id, attempt }, 'an event was given up');
        return;
      }
      // Twice as long each time, and never all at once.
      const wait = Math.min(config.backoff_ms * 2 ** (attempt - 1), config.max_backoff_ms);
      await delay(wait * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  async function work() {
    while (waiting.length > 0 && !signal.aborted) await send(waiting.shift());
    working = undefined;
  }

  return {
    add(name, event) {
      if (waiting.length >= config.queue) {
        waiting.shift();
        lost++;
      }
      waiting.push({ id: randomUUID(), name, body: JSON.stringify({ event: name, data: event }) });
      working ??= work();
    },
    idle: () => working,
    health() {
      const said = `${waiting.length} waiting, ${lost} lost`;
      return {
        status: failing > 0 ? 'degraded' : 'healthy',
        reason: failing > 0 ? `not taken; ${said}` : said,
      };
    },
  };
}

export const plugin = definePlugin({
  name: 'webhook',
  version: '1.0.0',
  permissions: ['read'],
  config: z.object({
    url: z.url({ protocol: /^https?$/ }),
    /** Signs each event: HMAC-SHA256 of `<delivery>.<timestamp>.<body>`. */
    secret: z.string().min(16),
    events: z.array(z.enum(EVENTS)).default(['message.added']),
    queue: z.int().min(1).max(10_000).default(1000),
    attempts: z.int().min(1).max(20).default(8),
    backoff_ms: z.int().min(1).default(1000),
    max_backoff_ms: z.int().min(1).default(60_000),
  }),
  start: ({ config, log, signal }) => createSender(config, log, signal),
  on: {
    ...Object.fromEntries(
      EVENTS.map((name) => [
        name,
        (event, { config, state }) => (config.events.includes(name) ? state.add(name, event) : undefined),
      ]),
    ),
    // Waits for what is left; the hub cuts it off at the deadline.
    'hub.stopping': (_event, { state }) => state.idle(),
  },
  health: ({ state }) => state.health(),
});
