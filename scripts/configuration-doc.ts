/** Writes the text of docs/configuration.md from the JSON Schema of a configuration, which says all there is to say. */
import { envName, type JsonSchema } from '../src/config/keys.js';

/** A mapping with keys of its own is a row a key; a list of mappings is a section a kind of item. */
interface Row {
  path: string;
  schema: JsonSchema;
  required: boolean;
}

const INTRO = `# Configuration

<!-- Written by \`npm run docs\` from src/config. Change the schema there. -->

A YAML file: \`receiptd run -c FILE\`, else \`$RECEIPTD_CONFIG\`, \`receiptd.yaml\` or \`config/receiptd.yaml\`. Only \`queues\` has
no default. [config/receiptd.yaml](../config/receiptd.yaml) is a file to start from, with advice at each key;
\`receiptd config check\` tells all that is wrong with yours, \`receiptd config print\` what is in effect, secrets hidden, and
\`receiptd config schema\` prints the JSON Schema for an editor.

- Every key is an environment variable too, which wins over the file. Lists and mappings of free names are YAML or JSON there.
- \`RECEIPTD_…_FILE\` names a file that holds the value: \`RECEIPTD_OPS_TOKEN_FILE=/run/secrets/ops-token\`.
- \`\${VAR}\` in a value becomes the environment variable, or what is in the file that \`VAR_FILE\` names; \`\${VAR:-text}\` has a
  default; \`$\${\` is a plain \`\${\`.
- Relative paths are relative to the working directory. An unknown key is an error, with a suggestion.
- "secret" marks what is never printed.
`;

export function configurationDoc(schema: JsonSchema): string {
  const sections = Object.entries(schema.properties ?? {}).map(
    ([key, child]) => [key, child as JsonSchema] as const,
  );
  const top = sections.filter(([, { properties, items }]) => properties === undefined && items === undefined);
  return [
    INTRO,
    '## Top level\n',
    table(
      top.map(([path, child]) => ({ path, schema: child, required: false })),
      true,
    ),
    ...sections.filter((section) => !top.includes(section)).map(([key, child]) => section(key, child)),
  ].join('\n');
}

function section(key: string, schema: JsonSchema): string {
  const heading = `## ${key}\n\n${schema.description ?? ''}.`;
  if (schema.items === undefined) return `${heading}\n\n${table(rowsOf(schema, key), true)}`;
  const items = schema.items as JsonSchema;
  const variants = (items.oneOf as JsonSchema[] | undefined) ?? [items];
  const kinds = variants.map((variant) => {
    const kind = (variant.properties?.type as JsonSchema | undefined)?.const;
    const title = kind === undefined ? '' : `### ${key}: ${kind}\n\n${variant.description}.\n\n`;
    return `${title}${table(rowsOf(variant, ''), false)}`;
  });
  return `${heading} As a variable: \`${envName([key])}\`.\n\n${kinds.join('\n')}`;
}

function rowsOf({ properties, required = [] }: JsonSchema, prefix: string): Row[] {
  return Object.entries(properties ?? {}).flatMap(([key, child]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const schema = child as JsonSchema;
    return schema.properties === undefined
      ? [{ path, schema, required: required.includes(key) }]
      : rowsOf(schema, path);
  });
}

function table(rows: readonly Row[], withVariables: boolean): string {
  const head = withVariables
    ? '| key | value | default | means | variable |\n|---|---|---|---|---|'
    : '| key | value | default | means |\n|---|---|---|---|';
  const lines = rows.map(({ path, schema, required }) => {
    const cells = [
      `\`${path}\``,
      allowed(schema),
      required ? 'required' : defaultOf(schema),
      schema.description ?? '',
    ];
    if (withVariables) cells.push(`\`${envName(path.split('.'))}\``);
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [head, ...lines, ''].join('\n');
}

/** What may stand there, in a few words. */
function allowed(schema: JsonSchema): string {
  const { type, enum: options, const: only, items, minimum, maximum, anyOf, writeOnly, unit } = schema;
  const secret = writeOnly === true ? ', secret' : '';
  if (only !== undefined) return `\`${only}\``;
  if (options !== undefined) return options.map((option) => `\`${option}\``).join(', ');
  if (anyOf !== undefined) return `${anyOf.map((one) => allowed(one as JsonSchema)).join(' or ')}${secret}`;
  if (items !== undefined) return `list of ${allowed(items as JsonSchema)}`;
  if (type === 'object') return 'mapping';
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'integer' || type === 'number') {
    const range = minimum === undefined ? '' : `, ${grouped(minimum)} to ${grouped(maximum ?? Number.NaN)}`;
    return `${unit === undefined ? 'number' : unit}${range}`;
  }
  return `text${secret}`;
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}

function defaultOf({ default: value }: JsonSchema): string {
  if (value === undefined || value === '') return '';
  return typeof value === 'object' && Object.keys(value ?? {}).length === 0
    ? ''
    : `\`${JSON.stringify(value)}\``;
}
