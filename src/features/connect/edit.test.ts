/** What is changed in clients' files, and above all what is not. */
import fc from 'fast-check';
import { parse } from '@decimalturn/toml-patch';
import { parse as parseJsonc } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import type { Edit } from './clients.ts';
import { SYNTAXES, takenBack } from './syntax.ts';

const entry = { url: 'http://127.0.0.1:1/mcp', headers: { Authorization: 'Bearer k', 'X-Agent-Id': 'a@b' } };
const edits: readonly Edit[] = [{ at: ['mcpServers', 'hub'], set: entry }];
const { json, toml } = SYNTAXES;

/** Each line of `before` is in `after`, in the same order; a comma may have come to its end. */
function keepsLines(before: string, after: string): boolean {
  const lines = after.split(/\r?\n/);
  let from = 0;
  return before
    .split(/\r?\n/)
    .filter((line) => /[\w/#]/.test(line) && !line.includes('{}'))
    .every((line) => {
      const at = lines.findIndex(
        (other, n) => n >= from && other.replaceAll(',', '') === line.replaceAll(',', ''),
      );
      from = at + 1;
      return at !== -1;
    });
}

const JSONS: Readonly<Record<string, string>> = {
  nothing: '',
  'an empty object': '{}',
  'other settings': '{\n  "theme": "dark" // as at night\n}\n',
  'servers, with comments': `// Mine.
{
    /* the servers */
    "mcpServers": {
        // the first
        "one": { "url": "http://x" }, // is good
        "two": {
            "command": "b" // a program
        } // and this one too
        // the end
    },
    "after": [1, 2]
}
`,
  'trailing commas': '{\n\t"mcpServers": {\n\t\t"one": {}, // x\n\t},\n}\n',
  'no servers yet': '{\n  "mcpServers": {},\n  "z": 1\n}\n',
  'a comment where servers would be': '{\n  "mcpServers": {\n    // none yet\n  }\n}\n',
  'lines of Windows': '{\r\n  "a": 1,\r\n  "mcpServers": {\r\n    "one": {}\r\n  }\r\n}\r\n',
  'no end of line': '{\n  "a": 1\n}',
};

describe('JSON', () => {
  it.each(Object.entries(JSONS))('keeps what is there: %s', (_name, before) => {
    const after = json.edit(before, edits);
    const was = (parseJsonc(before, [], { allowTrailingComma: true }) ?? {}) as { mcpServers?: object };
    expect(parseJsonc(after)).toEqual({ ...was, mcpServers: { ...was.mcpServers, hub: entry } });
    expect(keepsLines(before, after), after).toBe(true);
    expect(json.edit(after, edits)).toBe(after);
    expect(after.includes('\r\n')).toBe(before.includes('\r\n'));
    expect(takenBack(json, after, edits, before)).toBe(before === '' ? '{}\n' : before);
  });

  it('stays on one line where all is on one', () => {
    expect(json.edit('{"a":1,"mcpServers":{"x":{}}}', [{ at: ['mcpServers', 'hub'], set: 'y' }])).toBe(
      '{"a":1,"mcpServers":{"x":{},"hub": "y"}}',
    );
  });

  it('replaces what is there, and puts it back', () => {
    const before = '{\n  "mcpServers": {\n    "hub": { "url": "old" }, // mine\n    "z": 1\n  }\n}\n';
    const after = json.edit(before, edits);
    expect(parseJsonc(after)).toEqual({ mcpServers: { hub: entry, z: 1 } });
    expect(after).toContain('// mine');
    const changed = after.replace('"z": 1', '"z": 2');
    expect(parseJsonc(takenBack(json, changed, edits, before) ?? '')).toEqual({
      mcpServers: { hub: { url: 'old' }, z: 2 },
    });
  });

  it('adds to lists once', () => {
    const add: readonly Edit[] = [{ at: ['hooks', 'Stop'], add: { hooks: ['x'] } }];
    const before = '{\n  "hooks": {\n    "Stop": [\n      { "hooks": ["mine"] } // keep\n    ]\n  }\n}\n';
    const after = json.edit(before, add);
    expect(parseJsonc(after)).toEqual({ hooks: { Stop: [{ hooks: ['mine'] }, { hooks: ['x'] }] } });
    expect(json.edit(after, add)).toBe(after);
    expect(takenBack(json, after, add, before)).toBe(before);
    expect(takenBack(json, before, add, before)).toBeUndefined();
  });

  it.each([
    ['{ "a": ', /^is not JSON \(line 1/],
    ['{\n  "a": 1\n  "b": 2\n}', /^is not JSON \(line 3/],
    ['[1]', /^is not a JSON object$/],
    ['{"mcpServers": []}', /^has mcpServers, but not as an object$/],
  ])('does not touch %j', (text, reason) => {
    expect(() => json.edit(text, edits)).toThrow(reason);
  });

  it('leaves any document as it was after taking back', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })),
        fc.constantFrom(0, 1, 2, 4, '\t'),
        (document, indent) => {
          const before = JSON.stringify(document, null, indent);
          const was = JSON.parse(before) as Record<string, unknown>;
          const servers = was['mcpServers'];
          fc.pre(
            servers === undefined ||
              (typeof servers === 'object' && servers !== null && !Array.isArray(servers)),
          );
          fc.pre(!/__proto__/.test(before));
          const after = json.edit(before, edits);
          expect(JSON.parse(after)).toEqual({
            ...was,
            mcpServers: { ...servers, hub: entry },
          });
          expect(JSON.parse(takenBack(json, after, edits, before) ?? '')).toEqual(was);
        },
      ),
      { numRuns: 300 },
    );
  });
});

const TOMLS: Readonly<Record<string, string>> = {
  nothing: '',
  'servers, with comments':
    '# Mine.\nmodel = "gpt"   # the best\n\n[mcpServers.one] # a\nargs = [ "a",\n  "b", # two\n]\n\n# p\n[profiles.p]\nmodel="z"\n# end\n',
  'an inline table': 'mcpServers = { one = { command = "x" } } # hi\nz = 2024-01-01\n',
  'dotted keys': 'mcpServers.one.command = "x"\n[[arr]]\na=1\n[[arr]]\na=2\n[projects."/a b"]\nt = "x"\n',
  'no end of line': 'a = 1\n# the end',
  'lines of Windows': 'a = 1 # x\r\n[b]\r\nc = 2 # y\r\n',
  'numbers in their own spelling': 'a = 1_000 # u\nb = 0xFF\nd = """\nmore\n"""\nf = 1e3\n',
};

describe('TOML', () => {
  it.each(Object.entries(TOMLS))('keeps what is there: %s', (name, before) => {
    const after = toml.edit(before, edits);
    const was = parse(before) as { mcpServers?: object };
    expect(parse(after)).toEqual({ ...was, mcpServers: { ...was.mcpServers, hub: entry } });
    if (name !== 'an inline table') expect(after.startsWith(before)).toBe(true);
    expect(after).not.toMatch(/,\s*\}/);
    expect(toml.edit(after, edits)).toBe(after);
    const back = takenBack(toml, after, edits, before) ?? '';
    expect(parse(back)).toEqual(was);
    for (const comment of before.match(/#.*/g) ?? []) expect(back).toContain(comment.trim());
  });

  it('replaces what is there', () => {
    const before = 'a=1\n[mcpServers.hub] # mine\nurl = "old" # old\n# note\n\n[tools]\nweb=true # w\n';
    const after = toml.edit(before, edits);
    expect(parse(after)).toEqual({ a: 1, mcpServers: { hub: entry }, tools: { web: true } });
    for (const comment of ['# mine', '# note', 'web=true # w']) expect(after).toContain(comment);
  });

  it('does not touch what it cannot read', () => {
    expect(() => toml.edit('a = 1\nb = = 2\n', edits)).toThrow('is not TOML (line 2)');
    expect(() => toml.edit('mcpServers = "none"\n', edits)).toThrow('has mcpServers, but not as a table');
  });
});
