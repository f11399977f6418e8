import { expect, it, vi } from 'vitest';
import type { FeedPart } from '../../features/feed/service.ts';
import { feedStream, type FeedStreamOptions } from './feed-stream.ts';

/** A log that always has more. */
function endless() {
  const seen = { read: 0, taken: 0, ended: 0 };
  async function* parts(): AsyncGenerator<FeedPart, void> {
    for (;;) {
      seen.read++;
      yield {
        events: [],
        taken: () => {
          seen.taken++;
        },
      };
      await Promise.resolve();
    }
  }
  const open = (options: Partial<FeedStreamOptions> = {}): ReadableStream<Uint8Array> =>
    feedStream(parts(), {
      ...{ greeting: 'hello', text: () => 'part', heartbeatMs: 1000, patienceMs: 1000 },
      onEnd: () => {
        seen.ended++;
      },
      ...options,
    });
  return { seen, open };
}

const decoder = new TextDecoder();

it('reads no further than its client does', async () => {
  const { seen, open } = endless();
  const reader = open().getReader();
  expect(seen.read).toBe(0);
  const next = async (): Promise<string> => decoder.decode((await reader.read()).value);
  expect([await next(), await next()]).toEqual(['hello', 'part']);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  // What was given is taken when the client comes for more.
  expect(seen).toEqual({ read: 1, taken: 0, ended: 0 });
  await next();
  expect(seen).toEqual({ read: 2, taken: 1, ended: 0 });
  await reader.cancel();
  expect(seen.ended).toBe(1);
});

it('is cut where the client reads nothing for too long', async () => {
  vi.useFakeTimers();
  try {
    const { seen, open } = endless();
    const reader = open().getReader();
    await reader.read();
    await vi.advanceTimersByTimeAsync(999);
    await reader.read();
    await vi.advanceTimersByTimeAsync(999);
    expect(seen.ended).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual({ read: 1, taken: 0, ended: 1 });
    await expect(reader.read()).rejects.toThrow('does not read');
  } finally {
    vi.useRealTimers();
  }
});

it('breaks with its feed, which is told once', async () => {
  const seen = { ended: 0 };
  async function* broken(): AsyncGenerator<FeedPart, void> {
    yield await Promise.reject<FeedPart>(new Error('no disk'));
  }
  const body = feedStream(broken(), {
    ...{ greeting: 'hello', text: () => '', heartbeatMs: 1000, patienceMs: 1000 },
    onEnd: () => {
      seen.ended++;
    },
  });
  const reader = body.getReader();
  await reader.read();
  await expect(reader.read()).rejects.toThrow('no disk');
  expect(seen.ended).toBe(1);
});
