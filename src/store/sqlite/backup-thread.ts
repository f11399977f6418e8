/** The thread that writes one backup and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { writeBackup, type BackupReply } from './backup.ts';

const { path, target } = workerData as { readonly path: string; readonly target: string };

function run(): BackupReply {
  try {
    return { report: writeBackup(path, target) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(run());
