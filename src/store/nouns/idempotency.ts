/** First answers of writes that carried an idempotency key. */

export interface IdempotencyRow {
  readonly tool: string;
  readonly argsHash: string;
  /** JSON text of the first answer. */
  readonly result: string;
  readonly createdAt: number;
}

export interface IdempotencyWrites {
  get(workspace: string, agentId: string, key: string): Promise<IdempotencyRow | undefined>;
  put(workspace: string, agentId: string, key: string, row: IdempotencyRow): Promise<void>;
  deleteBefore(time: number, limit: number): Promise<number>;
}
