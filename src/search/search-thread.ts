/** A search thread: answers one search at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadReply } from '../lib/thread-pool.ts';
import { storeError } from '../store/sqlite/errors.ts';
import { createAnswerer, type AnswererOptions, type SearchCall } from './answerer.ts';

const answerer = createAnswerer(workerData as AnswererOptions);

function reply(call: SearchCall): ThreadReply {
  try {
    return { json: JSON.stringify(answerer.answer(call)), aside: answerer.slowest() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return storeError(error) === error ? { error: message } : { error: message, code: 'unavailable' };
  }
}

parentPort?.postMessage('ready' satisfies ThreadReply);
parentPort?.on('message', (call: SearchCall) => parentPort?.postMessage(reply(call)));
