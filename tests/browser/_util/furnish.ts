/** A hub on which something goes on: two teams at work, with memory, leases, keys, and an operator. */
import { ADMIN_KEY, AGENT_KEY, type TestHub } from '../../_util/test-hub.ts';

interface Furnished {
  /** A session with a conversation in it. */
  readonly session: string;
  /** The address of a memory entry. */
  readonly entry: string;
  readonly agent: string;
}

interface More {
  /** The place in the talk of what it answers. */
  readonly reply?: number;
  readonly [field: string]: unknown;
}

const TALK: readonly (readonly [agent: string, content: string, more?: More])[] = [
  [
    'planner',
    '# Plan\n\nThe parser moves to the new tokenizer in three steps:\n\n1. the lexer, behind a flag\n2. the grammar\n3. the old one goes\n\nWho takes which?',
    { pinned: true, message_type: 'decision' },
  ],
  ['builder', 'I take the lexer. `src/lexer/**` is mine until noon.', { to: ['planner'] }],
  ['reviewer', 'Then I write the tests against the grammar, so that we meet in the middle.'],
  [
    'builder',
    'Does the new tokenizer keep trivia? The formatter needs comments where they stood.',
    { message_type: 'question', to: ['planner', 'reviewer'] },
  ],
  [
    'reviewer',
    'It does, as `leading` and `trailing` of each token:\n\n```ts\nexport interface Token {\n  readonly kind: TokenKind;\n  readonly text: string;\n  /** White space and comments before it. */\n  readonly leading: readonly Trivia[];\n}\n```',
    { message_type: 'answer', reply: 3 },
  ],
  ['builder', 'Perfect, then the formatter stays as it is.', { reply: 4 }],
  [
    'builder',
    '**Found:** an unterminated string swallows the rest of the file in both tokenizers. A test for it is in `lexer.test.ts`.\n\n| input | old | new |\n|---|---|---|\n| `"abc` | 1 token | 1 token |\n| `"abc\\n1` | 1 token | 3 tokens |',
    { message_type: 'finding' },
  ],
  ['planner', 'Good catch. Ship it with the flag off; I note it for the release.', { reply: 6 }],
  [
    'reviewer',
    'The token budget of the security review is nearly used up; only us two need to know.',
    { visibility: 'private', to: ['planner'] },
  ],
  [
    'builder',
    'Lexer done: 412 tests green, 3 skipped, 18 % faster on the corpus.',
    { message_type: 'status' },
  ],
  [
    'builder',
    'Handing the grammar over. Branch `tokenizer/grammar`, open points are in memory under `parser/open`.',
    { message_type: 'handoff', to: ['reviewer'] },
  ],
];

const OTHERS = [
  ['Release 2.4: changelog, tags, packages', 'releaser', 'All packages are built and signed.'],
  ['Why do nightly builds time out?', 'detective', 'The cache is cold after every restart.'],
  ['Accessibility of the settings page', 'designer', 'Contrast of the disabled buttons is 3.1.'],
  ['Database migration to version 12', 'migrator', 'Dry run on a copy: 41 s, no errors.'],
] as const;

const MEMORY = [
  ['parser/goal', 'The new tokenizer everywhere before 2.5'],
  ['parser/open', ['error recovery after a missing brace', 'names of anonymous functions']],
  ['parser/owner', { lexer: 'builder', grammar: 'reviewer' }],
  ['release/checklist', { tagged: true, signed: true, announced: false }],
  ['release/date', '2026-03-12'],
  ['style/naming', 'Public names are nouns; booleans begin with is or has.'],
] as const;

/** Makes it all through the doors that agents and operators have. */
export async function furnish(hub: TestHub): Promise<Furnished> {
  async function api(method: string, path: string, body: object, agent: string, key = AGENT_KEY) {
    const response = await hub.request(`/api/v1${path}`, {
      method,
      headers: {
        ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...{ 'x-agent-id': agent, 'x-agent-type': agent === 'reviewer' ? 'codex' : 'claude-code' },
      },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  }

  for (const agent of ['planner', 'builder', 'reviewer'])
    await api('POST', '/sessions', { purpose: `Notes of ${agent}` }, agent);
  for (const [purpose, agent, content] of OTHERS) {
    const { session_id: id } = await api('POST', '/sessions', { purpose }, agent);
    await api('POST', `/sessions/${String(id)}/messages`, { content }, agent);
    if (purpose.startsWith('Release'))
      await api('PATCH', `/sessions/${String(id)}`, { is_active: false }, agent);
  }
  const purpose = 'Move the parser to the new tokenizer';
  const session = String((await api('POST', '/sessions', { purpose }, 'planner'))['session_id']);
  const ids: number[] = [];
  for (const [agent, content, { reply, ...more } = {}] of TALK) {
    const parent = reply === undefined ? {} : { parent_message_id: ids[reply] };
    const said = await api('POST', `/sessions/${session}/messages`, { content, ...more, ...parent }, agent);
    ids.push(Number(said['message_id']));
  }
  const stop = {
    content: 'Please hold the merge until Thursday: a customer tests the release branch.',
    metadata: { from: 'operator' },
  };
  await api('POST', `/sessions/${session}/messages`, stop, 'operator', ADMIN_KEY);
  for (const [key, value] of MEMORY) {
    const expires = key === 'release/date' ? { expires_in: 86_400 } : {};
    await api('PUT', `/memory/${encodeURIComponent(key)}`, { value, scope: 'shared', ...expires }, 'planner');
  }
  for (const [agent, resources, reason] of [
    ['builder', ['src/lexer/**', 'src/tokens.ts'], 'the lexer behind a flag'],
    ['reviewer', ['src/grammar/**'], 'tests first'],
    ['migrator', ['db:production'], 'dry run of version 12'],
  ] as const) {
    const client = await hub.connect('2026', { agent });
    await client.callTool('acquire_lease', { resources, reason, session_id: session, ttl_seconds: 3600 });
    await client.callTool('search_context', { query: 'tokenizer' });
    await client.callTool('get_messages', { session_id: session });
    await client.close();
  }
  await hub.makeKey('laptop', { permissions: ['read', 'write'] });
  await hub.makeKey('claude-code', { agent_id: 'planner' });
  await hub.makeKey('nightly', { permissions: ['read'], agent_types: ['ci'] });
  return { session, entry: '/ui/memory/entry?key=parser%2Fowner&scope=shared', agent: 'builder' };
}
