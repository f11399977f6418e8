/** Profiles of the processor, taken while the hub works: which of its functions the time goes to, and nothing of its data. */
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import { actionOf, actorOf, type Auditor } from '../audit/auditor.ts';
import { demandOperator } from '../operator.ts';

export const SHORTEST_PROFILE_SECONDS = 0.1;
export const LONGEST_PROFILE_SECONDS = 60;

export interface ProfilingService {
  /**
   * Profiles the thread that serves for so many seconds, or until the caller has gone. Answers the text of a `.cpuprofile`.
   * @throws HubError PERMISSION_DENIED; QUOTA_EXCEEDED while another is taken.
   */
  take(ctx: Ctx, seconds: number): Promise<string>;
}

/** Of the hub: where it is installed is no part of a profile. */
const ROOT = new URL('../../../', import.meta.url).href;
const PACKAGE = /^file:.*\/(?=node_modules\/)/;

export function createProfilingService({
  auditor,
}: {
  readonly auditor: Pick<Auditor, 'note'>;
}): ProfilingService {
  /** When the one that is taken ends, in monotonic milliseconds. */
  let until: number | undefined;

  return {
    async take(ctx, seconds) {
      demandOperator(ctx);
      if (until !== undefined) throw alreadyTaken(until - performance.now());
      until = performance.now() + seconds * 1000;
      try {
        auditor.note(actorOf(ctx), {
          ...{ type: 'hub.profiled', action: actionOf(ctx), resource: 'hub', details: { seconds } },
        });
        return JSON.stringify(withoutPlaces(await profile(seconds * 1000, ctx.signal)));
      } finally {
        until = undefined;
      }
    },
  };
}

async function profile(ms: number, signal: AbortSignal): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await delay(ms, undefined, { signal }).catch(() => undefined);
    return (await session.post('Profiler.stop')).profile;
  } finally {
    session.disconnect();
  }
}

function withoutPlaces(taken: Profiler.Profile): Profiler.Profile {
  const nodes = taken.nodes.map(({ callFrame, ...node }) => {
    const url = callFrame.url.replace(PACKAGE, '').replace(ROOT, '');
    return { ...node, callFrame: { ...callFrame, url } };
  });
  return { ...taken, nodes };
}

function alreadyTaken(msLeft: number): HubError {
  return new HubError('QUOTA_EXCEEDED', 'A profile is being taken already; there is one at a time.', {
    retryAfter: Math.max(1, Math.ceil(msLeft / 1000)),
    suggestions: ['Try again after retry_after seconds.'],
  });
}
