/** The bus tells each listener of what its sight meets, once, in order, and nobody of anything else. */
import { expect, it } from 'vitest';
import { createEventBus } from '../../src/events/bus.ts';
import { ALL_WORKSPACES, type CommittedEvent } from '../../src/store/port.ts';

let seq = 0;
const event = (workspace: string, ...audiences: string[]): CommittedEvent => ({
  ...{ seq: ++seq, kind: 'message.added', sessionPk: 1, messageId: seq, workspace, audiences },
});

function listening(bus: ReturnType<typeof createEventBus>, workspace: string, ...audiences: string[]) {
  const heard: number[][] = [];
  const listener = bus.listen({ workspace, audiences }, (events) => heard.push(events.map((one) => one.seq)));
  return { heard, listener };
}

it('tells of a commit at once, of each event once, in the order of the log', () => {
  const bus = createEventBus();
  const { heard } = listening(bus, 'w', 'public', 'type:coder', 'agent:bob');
  const events = [
    event('w', 'public'),
    event('w', 'admin', 'type:coder', 'agent:bob'),
    event('w', 'agent:bob'),
  ];
  bus.publish(events);
  expect(heard).toEqual([events.map((one) => one.seq)]);
});

it('tells nobody of what it may not see', () => {
  const bus = createEventBus();
  const bob = listening(bus, 'w', 'public', 'agent:bob');
  const foreign = listening(bus, 'other', 'public', 'admin', 'agent:bob');
  const everywhere = listening(bus, ALL_WORKSPACES, 'public', 'admin');
  const blind = listening(bus, 'w');
  const secret = event('w', 'admin', 'agent:ann');
  const open = event('w', 'public');
  const private_ = event('w', 'agent:bob');
  bus.publish([secret, open]);
  bus.publish([private_]);
  expect(bob.heard).toEqual([[open.seq], [private_.seq]]);
  expect(everywhere.heard).toEqual([[secret.seq, open.seq]]);
  expect([...foreign.heard, ...blind.heard]).toEqual([]);
});

it('lets listeners go, and keeps nothing of them', () => {
  const bus = createEventBus();
  const heard: number[] = [];
  const listener = (events: readonly CommittedEvent[]): void =>
    void heard.push(...events.map((one) => one.seq));
  // The same function twice: two listeners.
  const two = [1, 2].map(() => bus.listen({ workspace: 'w', audiences: ['public'] }, listener));
  const first = event('w', 'public');
  bus.publish([first]);
  expect([bus.size, heard]).toEqual([2, [first.seq, first.seq]]);
  two[0]?.[Symbol.dispose]();
  two[0]?.[Symbol.dispose]();
  const second = event('w', 'public');
  bus.publish([second]);
  expect([bus.size, heard.slice(2)]).toEqual([1, [second.seq]]);
  two[1]?.[Symbol.dispose]();
  bus.publish([event('w', 'public')]);
  expect([bus.size, heard.length]).toEqual([0, 3]);
});

it('tells those who listen to all of everything, whoever may see it', () => {
  const bus = createEventBus();
  const heard: number[][] = [];
  using all = bus.listenToAll((events) => heard.push(events.map((one) => one.seq)));
  const events = [event('w', 'agent:ann'), event('other', 'public'), event('w')];
  bus.publish(events);
  expect([bus.size, heard]).toEqual([1, [events.map((one) => one.seq)]]);
  all[Symbol.dispose]();
  bus.publish([event('w', 'public')]);
  expect([bus.size, heard.length]).toEqual([0, 1]);
});
