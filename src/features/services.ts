/** All services over one store: what every door of the hub speaks to. */
import type { Store } from '../store/port.ts';
import type { Logger } from '../telemetry/log.ts';
import { createAuditor, type Auditor } from './audit/auditor.ts';
import { createAuditService, type AuditService } from './audit/service.ts';
import { createVisits, type Visits } from './audit/visits.ts';
import { createAgentService, type AgentService } from './agents/service.ts';
import { createImportService, type ImportService } from './import/service.ts';
import { createKeyService, type KeyService } from './keys/service.ts';
import type { Limits } from './limits.ts';
import { createMemoryService, type MemoryService } from './memory/service.ts';
import { createMessageService, type MessageService } from './messages/service.ts';
import { createSessionService, type SessionService } from './sessions/service.ts';

export interface Services {
  readonly auditor: Auditor;
  readonly audit: AuditService;
  readonly visits: Visits;
  readonly agents: AgentService;
  readonly keys: KeyService;
  readonly sessions: SessionService;
  readonly messages: MessageService;
  readonly memory: MemoryService;
  readonly imports: ImportService;
}

export interface ServiceDeps {
  readonly store: Store;
  readonly limits: Limits;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

export function createServices(given: ServiceDeps): Services {
  const auditor = createAuditor(given);
  const deps = { ...given, auditor };
  return {
    auditor,
    audit: createAuditService(deps),
    visits: createVisits(deps),
    agents: createAgentService(deps),
    keys: createKeyService(deps),
    sessions: createSessionService(deps),
    messages: createMessageService(deps),
    memory: createMemoryService(deps),
    imports: createImportService(deps),
  };
}
