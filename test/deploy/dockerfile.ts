/** The Dockerfile as its instructions, for tests that lint it and for the build without a container engine. */
import { readFileSync } from 'node:fs';
import {
  DockerfileParser,
  type Instruction,
  type JSONInstruction,
  type PropertyInstruction,
} from 'dockerfile-ast';

export const text = readFileSync('Dockerfile', 'utf8');

export interface Step {
  keyword: string;
  /** All after the keyword and its flags, continued lines and comments as they stand. */
  rest: string;
  flags: Record<string, string>;
  /** Words; of the JSON form its strings. */
  words: string[];
}

export const steps: readonly Step[] = DockerfileParser.parse(text).getInstructions().map(stepOf);

/** The steps of each FROM on. */
export function stages(): { from: Step; steps: Step[] }[] {
  const found: { from: Step; steps: Step[] }[] = [];
  for (const step of steps) {
    if (step.keyword === 'FROM') found.push({ from: step, steps: [] });
    else found.at(-1)?.steps.push(step);
  }
  return found;
}

/** Value of an ARG that stands before the first FROM. */
export function argument(name: string): string {
  const step = steps.find(({ keyword, words }) => keyword === 'ARG' && words[0]?.startsWith(`${name}=`));
  if (step === undefined) throw new Error(`no ARG ${name}`);
  return step.words[0]?.slice(name.length + 1) ?? '';
}

/** The last of a kind that takes a command in JSON form, such as ENTRYPOINT. */
export function command(keyword: 'ENTRYPOINT' | 'CMD' | 'HEALTHCHECK'): string[] {
  const step = steps.findLast((step) => step.keyword === keyword);
  if (step === undefined) throw new Error(`no ${keyword}`);
  // HEALTHCHECK has its command behind a word of its own.
  return keyword === 'HEALTHCHECK' ? (JSON.parse(step.rest.replace(/^CMD /, '')) as string[]) : step.words;
}

/** Sources in the context that COPY takes, and where they go. */
export function copied(step: Step): { sources: string[]; to: string } {
  return { sources: step.words.slice(0, -1), to: step.words.at(-1) ?? '' };
}

function stepOf(instruction: Instruction): Step {
  const flags: Record<string, string> = {};
  const json = 'getJSONStrings' in instruction ? (instruction as JSONInstruction) : undefined;
  const withFlags = instruction as Instruction & {
    getFlags?(): { getName(): string; getValue(): string | null }[];
  };
  for (const flag of withFlags.getFlags?.() ?? []) flags[flag.getName()] = flag.getValue() ?? '';
  const strings = json?.getJSONStrings().map((string) => string.getJSONValue()) ?? [];
  const pairs =
    'getProperties' in instruction
      ? (instruction as PropertyInstruction)
          .getProperties()
          .map((pair) => `${pair.getName()}=${pair.getValue() ?? ''}`)
      : [];
  const rest = (instruction.getRawArgumentsContent() ?? '').replace(/^(--\S+\s+)+/, '');
  const plain = instruction.getArguments().map((argument) => argument.getValue());
  const words = [strings, pairs, plain].find((list) => list.length > 0) ?? [];
  return { keyword: instruction.getKeyword(), rest, flags, words };
}
