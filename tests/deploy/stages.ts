/** The Dockerfile, as far as its steps can be taken without a container engine. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  DockerfileParser,
  type Instruction,
  type JSONInstruction,
  type ModifiableInstruction,
} from 'dockerfile-ast';

export const ROOT = path.join(import.meta.dirname, '..', '..');
export const DOCKERFILE = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8');

export interface Step {
  readonly keyword: string;
  /** For COPY the sources and then the target, for ENV the settings as NAME=value, else all that stands there. */
  readonly words: readonly string[];
  /** The stage that a COPY takes from; undefined: the build context. */
  readonly from: string | undefined;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  readonly base: string;
  readonly steps: readonly Step[];
}

export function stagesOf(dockerfile: string): readonly Stage[] {
  const stages: { name: string; base: string; steps: Step[] }[] = [];
  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    const words = instruction.getArguments().map(String);
    if (instruction.getKeyword() === 'FROM')
      stages.push({ name: words[2] ?? `stage ${stages.length}`, base: words[0] ?? '', steps: [] });
    else stages.at(-1)?.steps.push(stepOf(instruction));
  }
  return stages;
}

function stepOf(instruction: Instruction): Step {
  const keyword = instruction.getKeyword();
  const flags = 'getFlags' in instruction ? (instruction as ModifiableInstruction).getFlags() : [];
  const from = flags.find((flag) => flag.getName() === 'from')?.getValue() ?? undefined;
  const words = instruction.getArguments().map(String);
  return {
    keyword,
    words: jsonWords(instruction) ?? words,
    from,
    text: instruction.getArgumentsContent() ?? '',
  };
}

function jsonWords(instruction: Instruction): readonly string[] | undefined {
  const strings = 'getJSONStrings' in instruction ? (instruction as JSONInstruction).getJSONStrings() : [];
  return strings.length === 0 ? undefined : strings.map((one) => one.getJSONValue());
}

/** The steps of a stage with this keyword. */
export const stepsOf = ({ steps }: Stage, keyword: string): readonly Step[] =>
  steps.filter((step) => step.keyword === keyword);
