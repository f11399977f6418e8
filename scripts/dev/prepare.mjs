// Before `npm run dev`: sets up what is missing. A build is not: the hub runs on its sources, and a build would fail on
// those that hot reload is to wait for. Syntax of old Nodes only.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rightNode, root } from '../right-node.mjs';

/** Whether set-up has installed what the lock file says; it writes this stamp. */
function modulesReady() {
  const stamp = join(root, 'node_modules', '.setup-stamp');
  if (!existsSync(stamp)) return false;
  const lock = readFileSync(join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex');
  return readFileSync(stamp, 'utf8') === process.platform + '-' + process.arch + ' ' + hash;
}

const node = rightNode();
if (!node || !existsSync(node) || !modulesReady()) import('../setup.mjs');
