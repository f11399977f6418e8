/** All routes below `/api/v1`, in the order in which they are described. */
import { agentEndpoints } from './agents.ts';
import { auditEndpoints } from './audit.ts';
import type { Endpoint } from './endpoint.ts';
import { exportEndpoint } from './export.ts';
import { hookEndpoints } from './hooks.ts';
import { importEndpoint } from './import.ts';
import { keyEndpoints } from './keys.ts';
import { leaseEndpoints } from './leases.ts';
import { loginLinkEndpoint } from './login-links.ts';
import { memoryEndpoints } from './memory.ts';
import { messageEndpoints } from './messages.ts';
import { metricsEndpoints } from './metrics.ts';
import { profileEndpoint } from './profile.ts';
import { searchEndpoints } from './search.ts';
import { sessionEndpoints } from './sessions.ts';
import { toolEndpoints } from './tool-routes.ts';

export const ENDPOINTS: readonly Endpoint[] = [
  ...sessionEndpoints,
  ...messageEndpoints,
  ...searchEndpoints,
  ...memoryEndpoints,
  ...toolEndpoints,
  ...agentEndpoints,
  ...leaseEndpoints,
  ...auditEndpoints,
  ...keyEndpoints,
  loginLinkEndpoint,
  ...metricsEndpoints,
  profileEndpoint,
  ...hookEndpoints,
  importEndpoint,
  exportEndpoint,
];
