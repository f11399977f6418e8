/** How each part of the hub does. A part that fails does not take the others along. */
import type { Ctx } from '../../context.ts';
import { demandOperator } from '../operator.ts';

export const HEALTH = ['healthy', 'degraded', 'failed'] as const;
export type HealthStatus = (typeof HEALTH)[number];

export interface PartHealth {
  readonly status: HealthStatus;
  /** One clause for operators, without paths and secrets. */
  readonly reason?: string;
}

/** Looks at a part. One that throws has failed. */
export type HealthCheck = () => PartHealth | Promise<PartHealth>;

/** By the name of the part. */
export type HealthChecks = ReadonlyMap<string, HealthCheck>;

export interface HealthReport {
  /** `failed` if the store has; of all else that is not healthy the hub is `degraded`. */
  readonly status: HealthStatus;
  readonly parts: readonly (PartHealth & { readonly part: string })[];
}

/** For everybody: without reasons. */
export interface HealthSummary {
  readonly status: HealthStatus;
  readonly parts: Readonly<Record<string, HealthStatus>>;
}

export interface HealthService {
  /** For the operators of the whole hub. @throws HubError PERMISSION_DENIED */
  report(ctx: Ctx): Promise<HealthReport>;
  summary(): Promise<HealthSummary>;
}

/** Without it nothing can be done. */
const VITAL = 'store';

export function createHealthService({ checks }: { readonly checks: HealthChecks }): HealthService {
  async function look(): Promise<HealthReport> {
    const parts = await Promise.all(
      [...checks].map(async ([part, check]) => ({ part, ...(await settled(check)) })),
    );
    const worst = parts.every(({ status }) => status === 'healthy') ? 'healthy' : 'degraded';
    const dead = parts.some(({ part, status }) => part === VITAL && status === 'failed');
    return { status: dead ? 'failed' : worst, parts };
  }

  return {
    async report(ctx) {
      demandOperator(ctx);
      return look();
    },
    async summary() {
      const { status, parts } = await look();
      return { status, parts: Object.fromEntries(parts.map((part) => [part.part, part.status])) };
    },
  };
}

async function settled(check: HealthCheck): Promise<PartHealth> {
  try {
    return await check();
  } catch {
    return { status: 'failed', reason: 'it does not answer' };
  }
}
