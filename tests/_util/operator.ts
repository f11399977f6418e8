/** An operator at the JSON API of a hub. */
import { expect } from 'vitest';
import type { ErrorObject } from '../../src/errors.ts';
import { ADMIN_KEY, type TestHub } from './test-hub.ts';

export interface Operator {
  /** Asks below the base; each key comes as an agent of its own. */
  operate(method: string, path: string, body?: object, key?: string): Promise<Response>;
  /** What a success answers. */
  done<T>(...args: Parameters<Operator['operate']>): Promise<T>;
  /** The error object of a refusal with this status. */
  refused(status: number, ...args: Parameters<Operator['operate']>): Promise<ErrorObject>;
}

/** `base`: what all paths begin with. */
export function operatorOf(hub: () => TestHub, base = '/api/v1/'): Operator {
  const operate: Operator['operate'] = (method, path, body, key = ADMIN_KEY) =>
    hub().request(`${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'x-agent-id': `op@${key.slice(5, 15)}`,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    operate,
    async done<T>(...args: Parameters<Operator['operate']>) {
      const response = await operate(...args);
      const answer = (await response.json()) as T & ErrorObject;
      expect(response.ok, answer.error).toBe(true);
      return answer;
    },
    async refused(status, ...args) {
      const response = await operate(...args);
      const error = (await response.json()) as ErrorObject;
      expect(response.status, error.error).toBe(status);
      return error;
    },
  };
}
