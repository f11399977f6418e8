/** One run: the models, the hub, and a way of asking that compares every answer. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { TestClock } from '../../_util/test-clock.ts';
import type { TestHub } from '../../_util/test-hub.ts';
import { ACTORS, CAST, enter, type ActorName, type Call, type Fields } from './actors.ts';
import { LeasesModel, type Claim } from './leases-model.ts';
import { MemoryModel } from './memory-model.ts';
import { MessagesModel, type ModelMessage } from './messages-model.ts';

export interface Waiting extends Claim {
  readonly answer: ReturnType<Call>;
}

const LATEST = 3;
const KEYS_LIVE_MS = 24 * 3_600_000;

/** A keyed call that succeeded, and its answer. */
interface Done {
  readonly tool: string;
  readonly args: Fields;
  readonly value: Fields;
  readonly at: number;
}

export class Stage {
  readonly messages = new MessagesModel();
  readonly memory = new MemoryModel();
  readonly leases = new LeasesModel<Waiting>();
  readonly #done = new Map<string, Done>();
  readonly hub: TestHub;
  readonly clock: TestClock;
  readonly #call: Call;
  readonly #now: () => number;

  constructor(hub: TestHub, clock: TestClock, now: () => number, call: Call) {
    this.hub = hub;
    this.clock = clock;
    this.#now = now;
    this.#call = call;
  }

  static async open(hub: TestHub, clock: TestClock, now: () => number): Promise<Stage> {
    return new Stage(hub, clock, now, await enter(hub));
  }

  now = (): number => this.#now();
  /** A write that changes nothing. */
  tick = (): Promise<unknown> => this.call('clerk', 'set_memory', { key: 'tick', value: 0 });

  /** Nobody waits, and nothing is held, whatever has happened. */
  async leave(): Promise<void> {
    const release = () => Promise.all(ACTORS.map((by) => this.call(by, 'release_lease', { all: true })));
    while (this.hub.hub.services.leases.waiting > 0) await release();
    await release();
  }

  iso = (ms = this.now()): string => new Date(ms).toISOString();
  call: Call = (...asked) => this.#call(...asked);

  /**
   * Asks; the answer is a refusal with the code that `refusal` says, or a success, which is answered. Every success says
   * what is unread, but for what giving its cursor back acknowledges: what it has `shown`.
   */
  async ask(
    by: ActorName,
    tool: string,
    args: Fields,
    refusal?: string,
    shown: readonly ModelMessage[] = [],
  ): Promise<Fields | undefined> {
    const answer = await this.call(by, tool, args);
    const said = `${by}: ${tool} ${JSON.stringify(args)}`;
    expect('code' in answer ? answer.code : undefined, said).toBe(refusal);
    if ('code' in answer) return undefined;
    this.#expectInbox(by, answer.value, shown, `${said} answered ${JSON.stringify(answer.value)}`);
    return answer.value;
  }

  #expectInbox(by: ActorName, value: Fields, shown: readonly ModelMessage[], said: string): void {
    const unread = this.messages.unreadOf(by).filter((message) => !shown.includes(message));
    const { inbox } = value as { inbox?: { unread: number; latest: { id: number; sender: string }[] } };
    const latest = unread.slice(-LATEST).map((message) => [message.id, CAST[message.by].agent]);
    expect([inbox?.unread ?? 0, inbox?.latest.map(({ id, sender }) => [id, sender]) ?? []], said).toEqual([
      unread.length,
      latest,
    ]);
  }

  /** As `ask`, with an idempotency key. Undefined also where the answer was that of an earlier call. */
  async askOnce(
    by: ActorName,
    key: string | undefined,
    ...[tool, args, refusal]: [tool: string, args: Fields, refusal: string | undefined]
  ): Promise<Fields | undefined> {
    if (key === undefined) return this.ask(by, tool, args, refusal);
    const name = `${CAST[by].wall}/${CAST[by].agent}/${key}`;
    const before = this.#done.get(name);
    const keyed = { ...args, idempotency_key: key };
    if (before === undefined || before.at + KEYS_LIVE_MS <= this.now()) {
      const value = await this.ask(by, tool, keyed, refusal);
      if (value !== undefined) this.#done.set(name, { tool, args, value, at: this.now() });
      return value;
    }
    if (before.tool !== tool || !isDeepStrictEqual(before.args, args)) {
      return this.ask(by, tool, keyed, 'IDEMPOTENCY_MISMATCH');
    }
    await this.#expectAgain(by, tool, keyed, before.value);
    return undefined;
  }

  async #expectAgain(by: ActorName, tool: string, args: Fields, first: Fields): Promise<void> {
    const { inbox: _, ...value } = (await this.ask(by, tool, args)) ?? {};
    const { inbox: __, ...same } = first;
    expect(value, `${by} repeats ${tool}`).toEqual(same);
  }

  /** What was done with a key is done again: nothing changes. */
  async repeatAll(): Promise<void> {
    for (const [name, { tool, args, value, at }] of this.#done) {
      const by = ACTORS.find((actor) => name.startsWith(`${CAST[actor].wall}/${CAST[actor].agent}/`));
      if (by === undefined || at + KEYS_LIVE_MS <= this.now()) continue;
      const key = name.split('/').at(-1);
      await this.#expectAgain(by, tool, { ...args, idempotency_key: key }, value);
    }
  }
}
