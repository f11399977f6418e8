/** Messages of all sizes, and what pages of them must be. */
import { expect } from 'vitest';
import { expectSuccess, type Door } from './scenario-doors.ts';
import { gather, type Page } from './scenario-paging.ts';

export interface BigMessage {
  readonly id: number;
  readonly content: string;
  readonly content_truncated?: true;
}

/** Content of a few sizes, in scripts whose characters take more than one byte or are escaped. */
const CONTENTS = ['short', 'x', '漢', '"\\', '\u0001', '🧠'].flatMap((unit) =>
  [10, 500, 5_000, 40_000].map((length) => unit.repeat(Math.ceil(length / unit.length))),
);

export async function fill(door: Door): Promise<{ session_id: string; ids: number[] }> {
  const session_id = String(
    expectSuccess(await door.call('create_session', { purpose: 'Big' }))['session_id'],
  );
  const ids: number[] = [];
  for (const content of CONTENTS) {
    const posted = expectSuccess(await door.call('add_message', { session_id, content }));
    ids.push(Number(posted['message_id']));
  }
  return { session_id, ids };
}

export function expectComplete(pages: readonly Page[], ids: readonly number[], about: string): void {
  expect(
    gather<BigMessage>(pages, 'messages').map(({ id }) => id),
    about,
  ).toEqual(ids);
}

/** Cut content is the beginning of the whole, and says that it is cut; a page that lacks something says so. */
export function expectHonest(pages: readonly Page[], ids: readonly number[]): void {
  for (const { answer } of pages) {
    for (const { id, content, content_truncated } of answer['messages'] as BigMessage[]) {
      const whole = CONTENTS[ids.indexOf(id)]!;
      if (content_truncated === undefined) expect(content).toBe(whole);
      else
        expect(whole.startsWith(content.replace(/\ufffd$/, '')) && content.length < whole.length).toBe(true);
      if (content_truncated === true) expect(answer['truncated']).toBe(true);
    }
  }
}
