/** The closed table of errors: every code the hub can answer with, and what each means at every door. */
import { maskSecrets } from './lib/mask-secrets.ts';

interface ErrorKind {
  readonly number: string;
  readonly severity: 'warning' | 'error' | 'critical';
  /** Whether the caller can mend it, by other input or by trying again. */
  readonly recoverable: boolean;
  readonly http: number;
  readonly exit: number;
}

const kind = (
  number: string,
  http: number,
  exit: number,
  recoverable = true,
  severity: ErrorKind['severity'] = 'error',
): ErrorKind => ({ number, severity, recoverable, http, exit });

export const ERRORS = {
  AUTHENTICATION_FAILED: kind('AUTH_001', 401, 4, false),
  TOKEN_EXPIRED: kind('AUTH_002', 401, 4),
  TOKEN_REVOKED: kind('AUTH_003', 401, 4, false),
  PERMISSION_DENIED: kind('AUTH_004', 403, 4, false),
  SESSION_NOT_FOUND: kind('RESOURCE_001', 404, 3),
  MESSAGE_NOT_FOUND: kind('RESOURCE_002', 404, 3),
  MEMORY_NOT_FOUND: kind('RESOURCE_003', 404, 3),
  LEASE_NOT_FOUND: kind('RESOURCE_004', 404, 3),
  AGENT_NOT_FOUND: kind('RESOURCE_005', 404, 3),
  INVALID_INPUT: kind('VALIDATION_001', 400, 2, true, 'warning'),
  CONTENT_TOO_LARGE: kind('VALIDATION_002', 413, 2, true, 'warning'),
  INVALID_CURSOR: kind('VALIDATION_003', 400, 2, true, 'warning'),
  KEY_EXISTS: kind('CONFLICT_001', 409, 1, true, 'warning'),
  VERSION_MISMATCH: kind('CONFLICT_002', 409, 1, true, 'warning'),
  LEASE_CONFLICT: kind('CONFLICT_003', 409, 1, true, 'warning'),
  SESSION_CLOSED: kind('CONFLICT_004', 409, 1, true, 'warning'),
  IDEMPOTENCY_MISMATCH: kind('CONFLICT_005', 409, 1, true, 'warning'),
  RATE_LIMITED: kind('LIMIT_001', 429, 1, true, 'warning'),
  QUOTA_EXCEEDED: kind('LIMIT_002', 429, 1, true, 'warning'),
  OVERLOADED: kind('LIMIT_003', 503, 1),
  STORE_UNAVAILABLE: kind('STORE_001', 503, 1, true, 'critical'),
  INTERNAL_ERROR: kind('INTERNAL_001', 500, 1, false, 'critical'),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  readonly context?: Readonly<Record<string, unknown>>;
  /** What to do now, one sentence each; names only tools that exist. */
  readonly suggestions?: readonly string[];
  readonly relatedResources?: readonly string[];
  /** Seconds after which the same call may succeed. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
  /** HTTP status where the transport asks for another one than the code's own (a body over the limit, a refused Host). */
  readonly status?: number;
}

/** The only error whose message may leave the process. Anything else is logged in full and answered as INTERNAL_ERROR. */
export class HubError extends Error {
  override readonly name = 'HubError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return this.details.status ?? ERRORS[this.code].http;
  }
}

/** The error object of every answer, MCP, HTTP and CLI alike. */
export interface ErrorObject {
  readonly success: false;
  readonly error: string;
  readonly code: ErrorCode;
  readonly number: string;
  readonly severity: ErrorKind['severity'];
  readonly recoverable: boolean;
  readonly retry_after?: number;
  readonly suggestions: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly related_resources: readonly string[];
  readonly request_id: string;
  readonly timestamp: string;
}

const UNKNOWN = new HubError('INTERNAL_ERROR', 'The hub failed to answer; the details are in its log.', {
  suggestions: ['Try once more; if it fails again, give the operator the request_id.'],
});

/** What may be said of any thrown value: itself if it is a {@link HubError}, else one neutral sentence. */
export function publicError(thrown: unknown): HubError {
  return thrown instanceof HubError ? thrown : UNKNOWN;
}

/**
 * Shapes any thrown value as the error object; `now` in milliseconds since the epoch. Where it repeats what the caller sent,
 * a credential in it is masked: it may have got into the wrong field.
 */
export function errorObject(thrown: unknown, requestId: string, now: number): ErrorObject {
  const { code, message, details } = publicError(thrown);
  const { number, severity, recoverable } = ERRORS[code];
  return {
    success: false,
    error: maskSecrets(message),
    code,
    number,
    severity,
    recoverable,
    ...(details.retryAfter === undefined ? {} : { retry_after: details.retryAfter }),
    suggestions: (details.suggestions ?? []).map(maskSecrets),
    context: masked(details.context ?? {}),
    related_resources: details.relatedResources ?? [],
    request_id: requestId,
    timestamp: new Date(now).toISOString(),
  };
}

function masked<T extends object>(context: T): T {
  return JSON.parse(maskSecrets(JSON.stringify(context))) as T;
}

const VALUE_SHOWN = 100;

/** An INVALID_INPUT (or other VALIDATION) error about one field; the value is cut before it is shown. */
export function invalid(
  field: string,
  value: unknown,
  expected: string,
  options: { code?: ErrorCode; message?: string; suggestions?: readonly string[] } = {},
): HubError {
  const shown = cutValue(value);
  return new HubError(
    options.code ?? 'INVALID_INPUT',
    options.message ??
      `${field} is ${shown === undefined ? 'missing' : JSON.stringify(shown)}; expected ${expected}.`,
    {
      context: { field, value: shown ?? null, expected },
      suggestions: options.suggestions ?? [`Call again with ${field} as ${expected}.`],
    },
  );
}

function cutValue(value: unknown): unknown {
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean')
    return value;
  const text =
    typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? typeof value);
  return text.length > VALUE_SHOWN ? `${text.slice(0, VALUE_SHOWN)}…` : text;
}

/** Why the hub cannot start, in one sentence for the person who started it. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
