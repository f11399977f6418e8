/** Imports that break off: the program is interrupted, or the hub is killed. What was sent again is there once. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { HUB_ADMIN_KEY, HUB_KEY, startHub } from '../_util/hub-process.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub } from '../http/run-schub.ts';

const RUNS = Number(process.env['RUNS'] ?? 4);
const MESSAGES = 8000;
const SESSIONS = 40;
/** From the start of the command; the whole import takes about as long. */
const LONGEST_MS = 1500;
const env = { API_KEY: HUB_KEY, ADMIN_API_KEY: HUB_ADMIN_KEY };

it(
  'loses and doubles nothing when it is broken off and begun again',
  async () => {
    const share = temporaryFolder();
    const file = join(share, 'talk.jsonl');
    const line = (i: number) => ({
      ...{ id: `m${i}`, session: `talk-${i % SESSIONS}`, sender: 'old', timestamp: '2024-01-01T00:00:00Z' },
      ...{ content: `message ${i} `.repeat(20), parent: i < SESSIONS ? null : `m${i - SESSIONS}` },
    });
    writeFileSync(file, Array.from({ length: MESSAGES }, (_, i) => JSON.stringify(line(i))).join('\n'));
    let hub = startHub(share);
    await hub.ready;
    for (let run = 0; run < RUNS; run++) {
      const broken = runSchub({ args: ['import', file], share, env });
      await delay(Math.random() * LONGEST_MS);
      if (run % 2 === 0) broken.child.kill('SIGINT');
      else {
        await hub.kill();
        hub = startHub(share);
        await hub.ready;
      }
      expect([0, 1, 5, 130, null]).toContain(await broken.ended);
    }
    const whole = runSchub({ args: ['import', file, '--json'], share, env });
    expect(await whole.ended, whole.stderr()).toBe(0);
    const report = JSON.parse(whole.stdout()) as { imported: number; already_there: number };
    expect(report).toMatchObject({ lines: MESSAGES, failed: 0, problems: [], sessions: SESSIONS });
    expect(report.imported + report.already_there).toBe(MESSAGES);

    const shown = runSchub({ args: ['export'], share, env });
    expect(await shown.ended).toBe(0);
    const messages = shown
      .stdout()
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { id?: string; parent?: string | null })
      .filter(({ id }) => id !== undefined);
    expect(messages).toHaveLength(MESSAGES);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(MESSAGES);
    expect(messages.filter(({ parent }) => parent === null)).toHaveLength(SESSIONS);
    process.stdout.write(`import: runs ${RUNS}, stored by the last ${report.imported} of ${MESSAGES}\n`);
    expect(await hub.stop()).toBe(0);
    rmSync(share, { recursive: true });
  },
  60_000 + RUNS * 10_000,
);
