/** Which errors a route can answer with, by status. */
import { ERRORS, errorObject, HubError, type ErrorCode, type ErrorObject } from '../../../errors.ts';
import { inQuery } from '../arguments.ts';
import type { Described } from '../endpoint.ts';
import { AT, REQUEST } from './examples.ts';

/** Of whatever is asked, by whomever. */
const ALWAYS: readonly ErrorCode[] = ['INVALID_INPUT', 'OVERLOADED', 'INTERNAL_ERROR'];
/** Where the caller must be known. */
const KNOWN: readonly ErrorCode[] = [
  'AUTHENTICATION_FAILED',
  'PERMISSION_DENIED',
  'RATE_LIMITED',
  'STORE_UNAVAILABLE',
];

/** The codes of a route, by HTTP status. */
export function errorsOf(route: Described): ReadonlyMap<number, ErrorCode[]> {
  const { permission, errors = [] } = route;
  const codes: readonly ErrorCode[] = [
    ...ALWAYS,
    ...(permission === null ? [] : KNOWN),
    ...(inQuery(route) ? [] : (['CONTENT_TOO_LARGE'] as const)),
    ...errors,
  ];
  const sorted = [...new Set(codes)].sort((a, b) => ERRORS[a].http - ERRORS[b].http);
  return Map.groupBy(sorted, (code) => ERRORS[code].http);
}

/** What each says, in one sentence. */
export const MEANING: Readonly<Record<ErrorCode, string>> = {
  AUTHENTICATION_FAILED: 'The credential is missing or not good.',
  TOKEN_EXPIRED: 'The handle has expired.',
  TOKEN_REVOKED: 'The handle was revoked.',
  PERMISSION_DENIED: 'The caller may not do this.',
  SESSION_NOT_FOUND: 'There is no such session.',
  MESSAGE_NOT_FOUND: 'There is no such message, or none that the caller sees.',
  MEMORY_NOT_FOUND: 'There is no such entry.',
  LEASE_NOT_FOUND: 'There is no such lease.',
  AGENT_NOT_FOUND: 'There is no such agent.',
  INVALID_INPUT: 'A parameter is not what it should be.',
  CONTENT_TOO_LARGE: 'The body or a part of it is larger than allowed.',
  INVALID_CURSOR: 'The cursor is of another listing, or from before the hub was restored.',
  KEY_EXISTS: 'There is an entry already.',
  VERSION_MISMATCH: 'The entry has another version by now.',
  LEASE_CONFLICT: 'The lease is lost.',
  SESSION_CLOSED: 'The session takes no more messages.',
  IDEMPOTENCY_MISMATCH: 'The idempotency_key was used with other arguments.',
  RATE_LIMITED: 'Too many requests; see Retry-After.',
  QUOTA_EXCEEDED: 'A quota is used up.',
  OVERLOADED: 'The hub has too much to do; see Retry-After.',
  STORE_UNAVAILABLE: 'The database cannot be used now.',
  INTERNAL_ERROR: 'The hub failed to answer; its log says why.',
};

export function errorExample(code: ErrorCode): ErrorObject {
  return errorObject(new HubError(code, MEANING[code]), REQUEST, Date.parse(AT));
}
