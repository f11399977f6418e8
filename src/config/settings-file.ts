/** The settings of a `hub.config.yaml`: sections named like those of `.env.example`, with the names that stand there. */
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { FileTexts, PluginSection, TextFile } from './file-texts.ts';
import { cut, unknownName } from './file-texts.ts';
import type { Section, SettingKey } from './settings.ts';
import { SECTIONS, SETTING_KEYS, SETTINGS } from './settings.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Node = Yaml.ParsedNode | null;

/** In values, `${NAME}` stands for a variable of the environment. */
const VARIABLE = /\$\{([^}]*)\}/g;
const NAME = /^[A-Za-z_]\w*$/;

/** Reads what is good, and names all that is not, with its line; never a value, which may be a secret. */
export function readSettingsFile({ path, text }: TextFile, env: Env): FileTexts {
  // Loaded only where there is such a file: it takes as long as all else that reads settings.
  const yaml = createRequire(import.meta.url)('yaml') as typeof Yaml;
  const counter = new yaml.LineCounter();
  const lineAt = (offset: number): number => counter.linePos(offset).line;
  const lineOf = (node: Node): number => lineAt(node?.range[0] ?? 0);
  const document = yaml.parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const texts: Record<string, string | undefined> = {};
  const lines = new Map<string, number>();
  const plugins = new Map<string, PluginSection>();
  const problems = document.errors.map(({ pos, code }) => {
    const what = code.toLowerCase().replaceAll('_', ' ');
    return `Line ${lineAt(pos[0])} of ${path} is not YAML (${what}).`;
  });

  const isNothing = (node: Node): node is null =>
    node === null || (yaml.isScalar(node) && node.value === null);

  /** The pairs of a map; that it is none is a problem. */
  function pairsOf(
    node: Node,
    what: string,
  ): readonly (readonly [name: string, value: Node, line: number])[] {
    if (isNothing(node)) return [];
    if (yaml.isMap(node))
      return node.items.map(({ key, value }) => [
        yaml.isScalar(key) ? String(key.value) : '',
        value,
        lineOf(key as Node),
      ]);
    problems.push(`Line ${lineOf(node)} of ${path}: expected ${what}.`);
    return [];
  }

  function textOf(node: Node, name: string): string | undefined {
    if (yaml.isSeq(node)) return node.items.map((item) => textOf(item as Node, name) ?? '').join(',');
    if (!yaml.isScalar(node)) {
      if (node !== null)
        problems.push(
          `Line ${lineOf(node)} of ${path}: expected a text, a number, true, false, or a list of them as ${name}.`,
        );
      return undefined;
    }
    const { value, source } = node;
    // Numbers as they are written: 0x50 is no port.
    if (typeof value !== 'string') return value === null ? undefined : source;
    return expanded(value, node, name);
  }

  function expanded(value: string, node: Node, name: string): string {
    return value.replace(VARIABLE, (_all, variable: string) => {
      const set = NAME.test(variable) ? env[variable] : undefined;
      if (set === undefined)
        problems.push(
          `Line ${lineOf(node)} of ${path}: ${name} names \${${cut(variable)}}, which the environment does not have.`,
        );
      return set ?? '';
    });
  }

  /** Any value of a plugin's section, as its own schema will check it. */
  function valueOf(node: Node, name: string): unknown {
    if (yaml.isSeq(node)) return node.items.map((item) => valueOf(item as Node, name));
    if (yaml.isMap(node))
      return Object.fromEntries(
        pairsOf(node as Node, name).map(([key, value]) => [key, valueOf(value, `${name}.${key}`)]),
      );
    if (!yaml.isScalar(node)) return null;
    return typeof node.value === 'string' ? expanded(node.value, node, name) : node.value;
  }

  if (problems.length === 0)
    for (const [name, settings, sectionLine] of pairsOf(
      document.contents,
      `sections (${SECTIONS.join(', ')})`,
    )) {
      const section = SECTIONS.find((one) => one === name.toLowerCase());
      if (section === undefined) {
        problems.push(unknownName(name, `line ${sectionLine} of ${path}`, SECTIONS));
        continue;
      }
      for (const [given, value, line] of pairsOf(settings, `settings of ${section}`)) {
        const key = settingOf(section, given);
        if (key === undefined && section === 'plugins' && (yaml.isMap(value) || isNothing(value)))
          plugins.set(given, {
            values: Object.fromEntries(
              pairsOf(value, `settings of ${given}`).map(([own, node]) => [own, valueOf(node, own)]),
            ),
            from: `in ${path}, line ${line}`,
          });
        else if (key === undefined)
          problems.push(unknownName(given, `line ${line} of ${path} (${section})`, namesOf(section)));
        else if (key in texts)
          problems.push(`Line ${line} of ${path} sets ${key} again, after line ${lines.get(key) ?? line}.`);
        else {
          texts[key] = textOf(value, given);
          lines.set(key, line);
        }
      }
    }
  return { texts, plugins, from: (key) => `in ${path}, line ${lines.get(key) ?? 1}`, problems };
}

/** By its name in the section, or as everywhere else: `port` and `HTTP_PORT`. */
function settingOf(section: Section, name: string): SettingKey | undefined {
  return keysOf(section).find((key) => key === name || SETTINGS[key].name === name);
}

function keysOf(section: Section): readonly SettingKey[] {
  return SETTING_KEYS.filter((key) => SETTINGS[key].section === section);
}

function namesOf(section: Section): readonly string[] {
  return keysOf(section).map((key) => SETTINGS[key].name);
}
