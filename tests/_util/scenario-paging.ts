/** Following a listing to its end, as a reader would. */
import { expect } from 'vitest';
import { expectSuccess, type Door } from './scenario-doors.ts';

export interface Page {
  readonly answer: Record<string, unknown>;
  readonly text: string;
}

/** More pages than any listing of a test has. */
const MAX_PAGES = 2000;

/** Follows what an answer says continues it (`continue_with`, `next_cursor`) until it says nothing more. */
export async function follow(door: Door, tool: string, args: Record<string, unknown>): Promise<Page[]> {
  const pages: Page[] = [];
  let next: Record<string, unknown> | undefined = {};
  while (next !== undefined) {
    const result = await door.call(tool, { ...args, ...next });
    const answer = expectSuccess(result);
    pages.push({ answer, text: result.text });
    expect(pages.length, `${tool} never ends`).toBeLessThan(MAX_PAGES);
    const { continue_with, next_cursor } = answer;
    if (next_cursor !== undefined) next = { cursor: next_cursor };
    else next = continue_with as Record<string, unknown> | undefined;
  }
  return pages;
}

/** What stands in the field `name` of all pages. */
export function gather<T>(pages: readonly Page[], name: string): T[] {
  return pages.flatMap(({ answer }) => answer[name] as T[]);
}

/** Posts `count` messages at once; answers their ids in order. */
export async function postMany(
  doors: readonly Door[],
  count: number,
  argsOf: (index: number) => Record<string, unknown>,
): Promise<number[]> {
  const posting = Array.from({ length: count }, (_, index) =>
    doors[index % doors.length]!.call('add_message', argsOf(index)),
  );
  const ids = (await Promise.all(posting)).map((answer) => Number(expectSuccess(answer)['message_id']));
  return ids.sort((a, b) => a - b);
}
