/** What a PromQL expression names: series, and the labels that they must have. */
import { parser } from '@prometheus-io/lezer-promql';

/** Labels that Prometheus adds to all that it scrapes. */
export const TARGET_LABELS = ['instance', 'job'];

export interface Matcher {
  label: string;
  operator: string;
  value: string;
}

export interface Selector {
  series: string;
  matchers: Matcher[];
  /** By which it is aggregated or joined: it must have them all. */
  grouping: string[];
}

export interface Expression {
  selectors: Selector[];
  /** Labels that its result may have, beside those of the series where there is no aggregation at all. */
  aggregated: string[] | undefined;
}

type Node = ReturnType<typeof parser.parse>['topNode'];

/** @throws {SyntaxError} when it is no PromQL */
export function readPromQL(expression: string): Expression {
  // Grafana puts a duration there.
  const text = expression.replaceAll('$__rate_interval', '5m');
  const tree = parser.parse(text);
  const of = (node: Node) => text.slice(node.from, node.to);
  const selectors: Selector[] = [];
  let aggregated: string[] | undefined;

  const visit = (node: Node, grouping: readonly string[]): void => {
    if (node.type.isError) throw new SyntaxError(`no PromQL at ${node.from}: ${text}`);
    if (node.name === 'VectorSelector') selectors.push(selectorOf(node, grouping));
    const modifier = node.getChild('AggregateModifier') ?? node.getChild('MatchingModifierClause');
    const labels = modifier?.getChild('GroupingLabels')?.getChildren('LabelName').map(of) ?? [];
    // `without` and `ignoring` name what need not be there.
    const needed = modifier !== null && /^(without|ignoring)/.test(of(modifier)) ? [] : labels;
    if (node.name === 'AggregateExpr') aggregated = [...(aggregated ?? []), ...needed];
    for (let child = node.firstChild; child !== null; child = child.nextSibling)
      visit(child, [...grouping, ...needed]);
  };

  const selectorOf = (node: Node, grouping: readonly string[]): Selector => {
    const name = node.getChild('Identifier');
    if (name === null) throw new SyntaxError(`a selector without a name: ${of(node)}`);
    const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
    return {
      series: of(name),
      grouping: [...grouping],
      matchers: matchers.map((matcher) => {
        const [label, operator, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((part) => {
          const found = matcher.getChild(part);
          return found === null ? '' : of(found);
        });
        return { label: label ?? '', operator: operator ?? '', value: String(JSON.parse(value ?? '""')) };
      }),
    };
  };

  visit(tree.topNode, []);
  return { selectors, aggregated };
}

/** Labels of a series → the values that they have. */
export type Exposition = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export function readExposition(text: string): Exposition {
  const series = new Map<string, Map<string, Set<string>>>();
  for (const line of text.split('\n')) {
    const [, name, labels = ''] = line.startsWith('#') ? [] : (SAMPLE.exec(line) ?? []);
    if (name === undefined) continue;
    const known = series.get(name) ?? new Map<string, Set<string>>();
    series.set(name, known);
    for (const [, label = '', value = ''] of labels.matchAll(LABEL))
      known.set(label, (known.get(label) ?? new Set()).add(value));
  }
  return series;
}

/** What is wrong with an expression, as far as a scrape can tell; nothing when it can work. */
export function problemsOf(expression: string, exposition: Exposition): string[] {
  const problems: string[] = [];
  const { selectors } = readPromQL(expression);
  if (selectors.length === 0) problems.push('it names no series');
  for (const { series, matchers, grouping } of selectors) {
    const labels = exposition.get(series);
    if (labels === undefined) {
      problems.push(`there is no series ${series}`);
      continue;
    }
    for (const label of [...grouping, ...matchers.map((matcher) => matcher.label)]) {
      if (!labels.has(label) && !TARGET_LABELS.includes(label))
        problems.push(`${series} has no label ${label}`);
    }
    for (const { label, operator, value } of matchers) {
      const exact = operator === '=' || operator === '!=';
      if (exact && labels.get(label)?.has(value) !== true)
        problems.push(`${series} never has ${label}="${value}"`);
    }
  }
  return problems;
}

/** Labels that the result of an expression has for sure. */
export function labelsOfResult(expression: string, exposition: Exposition): string[] {
  const { selectors, aggregated } = readPromQL(expression);
  if (aggregated !== undefined) return aggregated;
  const [first] = selectors;
  return [...TARGET_LABELS, ...(first === undefined ? [] : (exposition.get(first.series)?.keys() ?? []))];
}
