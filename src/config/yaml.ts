import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  parseDocument,
} from 'yaml';
import { describeError } from '../errors.js';
import type { Path } from './keys.js';

/** YAML as data plus the lines its keys stand on. Strict: whatever is dubious is an error with a position. */

/** Of a configuration that makes sense: about ten. */
const MAX_DEPTH = 100;

export interface YamlText {
  value: unknown;
  /** Line of a key, or of the nearest mapping around it that is in the text. */
  lineOf(path: Path): number | undefined;
}

export class YamlError extends Error {
  /** `line:column`, where known. */
  readonly position: string | undefined;

  constructor(message: string, position?: string) {
    super(message);
    this.position = position;
  }
}

export function parseYaml(text: string): YamlText {
  if (isTooDeep(text)) throw new YamlError('is nested too deeply');
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      logLevel: 'error',
      // A pretty error quotes the text around it, and that may be a secret.
      prettyErrors: false,
      resolveKnownTags: false,
      stringKeys: true,
    });
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) {
      const { line, col } = lines.linePos(problem.pos[0]);
      const message =
        problem.code === 'MULTIPLE_DOCS' ? 'must be one document, found a second' : problem.message;
      throw new YamlError(describeError(message), `${line}:${col}`);
    }
    return {
      value: document.toJS({ maxAliasCount: 100 }),
      lineOf: (path) => lineOf(document, lines, path),
    };
  } catch (error) {
    if (error instanceof YamlError) throw error;
    // Unknown and excessive aliases are thrown without a position.
    throw new YamlError(describeError(error));
  }
}

/** The composer recurses, and V8 may end the whole process close to the end of its stack; lexer and parser do not. */
function isTooDeep(text: string): boolean {
  const parser = new Parser();
  for (const token of new Lexer().lex(text)) {
    // Nothing is taken from it, but a generator works only while it is asked.
    for (const _ of parser.next(token));
    if (parser.stack.length > MAX_DEPTH) return true;
  }
  return false;
}

function lineOf(document: Document.Parsed, lines: LineCounter, path: Path): number | undefined {
  let node: unknown = document.contents;
  let found: Node | undefined;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (!pair) break;
      found = pair.key as Node;
      node = pair.value;
    } else if (isSeq(node)) {
      found = node.items[Number(key)] as Node | undefined;
      node = found;
    } else break;
  }
  return found?.range ? lines.linePos(found.range[0]).line : undefined;
}
