/** What the two agents of `schub demo` say and do. Everything is done by the hub; only their words are written here. */
import { z } from 'zod';
import { inboxShape, leaseShape } from '../../mcp/shapes.ts';
import { CliError, EXIT } from '../output.ts';
import type { DemoAgent } from './agent.ts';

export interface Step {
  readonly agent: string;
  readonly tool: string;
  /** What happened, in a sentence that begins with the agent. */
  readonly did: string;
  /** Text that the hub gave. */
  readonly text?: string;
}

export interface Cast {
  readonly ada: DemoAgent;
  readonly bob: DemoAgent;
  readonly tell: (step: Step) => void;
}

const WAIT_SECONDS = 30;
const CATCH_UP_TOKENS = 600;

const opened = z.object({ session_id: z.string() });
const posted = z.object({ message_id: z.number() });
const heard = z.object({ cursor: z.string(), timed_out: z.boolean() });
const leased = z.object({
  lease: leaseShape.optional(),
  conflicts: z.array(leaseShape),
  inbox: inboxShape.optional(),
});
const caughtUp = z.object({ text: z.string() });
const found = z.object({ results: z.array(z.object({ snippet: z.string() })) });
const anything = z.unknown();

/** Plays it; answers the session in which it happened. @throws CliError as the hub refuses or falls silent */
export async function play({ ada, bob, tell }: Cast): Promise<string> {
  const purpose = 'Demo: make the session cookie SameSite=Strict';
  const { session_id } = await ada.call('create_session', { purpose }, opened);
  tell({ agent: ada.id, tool: 'create_session', did: `opens ${session_id}: “${purpose}”` });
  const file = `demo/${session_id.slice(-4)}/login.ts`;
  const post = async (agent: DemoAgent, content: string, more: object): Promise<number> =>
    (await agent.call('add_message', { session_id, content, ...more }, posted)).message_id;
  const lease = { resources: [file], session_id };

  await bob.call('get_session', { session_id }, anything);
  tell({ agent: bob.id, tool: 'wait_for_messages', did: 'finds the session, and waits for what is said' });
  const hears = waitFor(bob, session_id);
  const asked = `Which file sets the session cookie? I am to make it SameSite=Strict.`;
  const askedAt = performance.now();
  const question = await post(ada, asked, { message_type: 'question', to: [bob.id] });
  tell({ agent: ada.id, tool: 'add_message', did: `asks ${bob.id}: “${asked}”` });
  const heardIt = await hears;
  const ms = Math.round(performance.now() - askedAt);
  tell({ agent: bob.id, tool: 'wait_for_messages', did: `hears the question ${ms} ms after it was asked` });

  const held = await bob.call('acquire_lease', { ...lease, reason: 'renaming things' }, leased);
  tell({ agent: bob.id, tool: 'acquire_lease', did: `reserves ${file}` });
  const answer = `${file}, line 40. I am renaming things in it; wait for me.`;
  await post(bob, answer, { message_type: 'answer', to: [ada.id], parent_message_id: question });
  tell({ agent: bob.id, tool: 'add_message', did: `answers: “${answer}”` });

  const refused = await ada.call('acquire_lease', lease, leased);
  const holder = refused.conflicts[0]?.holder ?? 'nobody';
  const preview = refused.inbox?.latest[0]?.preview ?? '';
  tell({
    ...{ agent: ada.id, tool: 'acquire_lease' },
    did: `wants ${file} too, and is refused: ${holder} holds it. The same answer says what is unread: “${preview}”`,
  });
  const read = await waitFor(ada, session_id);
  tell({ agent: ada.id, tool: 'wait_for_messages', did: `reads the answer of ${bob.id}` });

  const inLine = ada.call('acquire_lease', { ...lease, wait_seconds: WAIT_SECONDS }, leased);
  const handover = `${file} is yours: the cookie is made in setCookie(), its test is login.test.ts.`;
  await post(bob, handover, { message_type: 'handoff', to: [ada.id] });
  tell({ agent: bob.id, tool: 'add_message', did: `hands over: “${handover}”` });
  await bob.call('release_lease', { lease_id: held.lease?.lease_id }, anything);
  tell({ agent: bob.id, tool: 'release_lease', did: `gives ${file} back` });
  const granted = (await inLine).lease;
  await acknowledge(ada, session_id, await waitFor(ada, session_id, read));
  if (granted === undefined) throw new CliError(EXIT.failure, `${ada.id} was not granted ${file}.`);
  tell({
    ...{ agent: ada.id, tool: 'acquire_lease' },
    did: `stood in line and has ${file} now, with the fencing token ${granted.fencing_token}`,
  });

  const decision = 'Decision: the session cookie is SameSite=Strict from now on.';
  await post(ada, decision, { message_type: 'decision', pinned: true });
  tell({ agent: ada.id, tool: 'add_message', did: `decides, and pins it: “${decision}”` });
  await ada.call('release_lease', { lease_id: granted.lease_id }, anything);

  await acknowledge(bob, session_id, heardIt);
  const { text } = await bob.call('catch_up', { session_id, max_tokens: CATCH_UP_TOKENS }, caughtUp);
  tell({ agent: bob.id, tool: 'catch_up', did: 'has lost its context, and catches up:', text });
  const typo = 'sesion cookie decison';
  const { results } = await bob.call('search_context', { query: typo, session_id, limit: 1 }, found);
  const [hit] = results;
  tell({
    ...{ agent: bob.id, tool: 'search_context' },
    did: `searches for “${typo}” and finds: “${hit?.snippet ?? 'nothing'}”`,
  });
  await ada.call('update_session', { session_id, is_active: false }, anything);
  tell({ agent: ada.id, tool: 'update_session', did: 'closes the session' });
  return session_id;
}

/** Giving a cursor back acknowledges what came with it. */
async function acknowledge(agent: DemoAgent, sessionId: string, cursor: string): Promise<void> {
  await agent.call('wait_for_messages', { session_id: sessionId, cursor, timeout_seconds: 0 }, anything);
}

/** Answers the cursor. @throws CliError if nothing comes */
async function waitFor(agent: DemoAgent, sessionId: string, cursor?: string): Promise<string> {
  const args = { session_id: sessionId, timeout_seconds: WAIT_SECONDS, cursor };
  const said = await agent.call('wait_for_messages', args, heard);
  if (said.timed_out) throw new CliError(EXIT.failure, `${agent.id} heard nothing for ${WAIT_SECONDS} s.`);
  return said.cursor;
}
