/** The unit for systemd, as systemd itself reads it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const UNIT = path.join(import.meta.dirname, '..', '..', 'deploy', 'systemd', 'shared-context-hub.service');
/** Of 10; systemd calls up to 4 fine. */
const MOST_EXPOSED = 2;
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

it.skipIf(!hasSystemd)('is well-formed', () => {
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', UNIT], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});

it.skipIf(!hasSystemd)('leaves the hub little that it could harm', () => {
  const args = ['security', '--offline=true', '--no-pager', UNIT];
  const said = execFileSync('systemd-analyze', args, { encoding: 'utf8' });
  expect(Number(/exposure level for \S+: ([\d.]+)/.exec(said)?.[1])).toBeLessThanOrEqual(MOST_EXPOSED);
});

it('keeps the keys of the first start out of the journal, and stops as long as the hub may take', () => {
  const unit = readFileSync(UNIT, 'utf8');
  expect(unit).toMatch(/^StandardOutput=null$/m);
  expect(unit).toMatch(/^TimeoutStopSec=20$/m);
  expect(unit).toMatch(/^DynamicUser=yes$/m);
});
