/** The ledger of `schub torture`, with the key of the hubs of these tests. */
import { startLedger as start, type Ledger, type LedgerOptions } from '../../src/cli/torture/ledger.ts';
import { callTool } from './ledger-client.ts';

export type { Ledger, LedgerReport } from '../../src/cli/torture/ledger.ts';

export function startLedger(options: Omit<LedgerOptions, 'call'>): Promise<Ledger> {
  return start({ ...options, call: callTool });
}
