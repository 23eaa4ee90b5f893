import * as z from 'zod';
import { show } from './rules.js';
import { configSchema } from './schema.js';

/**
 * The schema seen as a tree of named keys: JSON Schema for editors, environment variable names, and what is known at a
 * place for suggestions. Everything here is derived, so a key added to the schema is known everywhere at once.
 */

/** Keys and list indexes from the root of a configuration to a value. */
export type Path = readonly (string | number)[];

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema (2020-12) of a configuration file. */
export const configJsonSchema: JsonSchema = z.toJSONSchema(configSchema, { io: 'input' });

export interface ConfigKey {
  path: readonly string[];
  /** Such as `RECEIPTD_POLL_MAX_CONCURRENCY`. */
  env: string;
  schema: JsonSchema;
}

/** Every key that holds a value; the lists `queues` and `sinks` are one key each. */
export const configKeys: readonly ConfigKey[] = leaves([], configJsonSchema);

function leaves(path: readonly string[], schema: JsonSchema): ConfigKey[] {
  if (!schema.properties) return [{ path, env: envName(path), schema }];
  return Object.entries(schema.properties).flatMap(([key, child]) =>
    typeof child === 'object' ? leaves([...path, key], child) : [],
  );
}

export function envName(path: Path): string {
  const words = path.map((key) => String(key).replace(/[A-Z]/g, '_$&'));
  return ['RECEIPTD', ...words].join('_').toUpperCase();
}

/** What the schema says about the value at a path: several when a list item may be of several types, none if unknown. */
export function schemasAt(path: Path): JsonSchema[] {
  return path.reduce(
    (schemas, key) => schemas.flatMap((schema) => step(schema, key)),
    variants(configJsonSchema),
  );
}

/** Names that may stand in the mapping at a path. */
export function namesAt(path: Path): string[] {
  return [...new Set(schemasAt(path).flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

function step(schema: JsonSchema, key: string | number): JsonSchema[] {
  // Own properties only: `constructor` is not a key of a configuration.
  const known =
    schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
  // A mapping of names that are free has one schema for whatever they name.
  const child = typeof key === 'number' ? schema.items : (known ?? schema.additionalProperties);
  return typeof child === 'object' && !Array.isArray(child) ? variants(child as JsonSchema) : [];
}

function variants(schema: JsonSchema): JsonSchema[] {
  return ((schema.oneOf ?? schema.anyOf) as JsonSchema[] | undefined) ?? [schema];
}

/** A path as people write it: `queues[1].queueName`. Odd names are quoted so that a message stays one line. */
export function keyName(path: Path): string {
  return path
    .map((key) =>
      typeof key === 'number' ? `[${key}]` : /^[\w-]{1,60}$/.test(key) ? `.${key}` : `.${show(key)}`,
    )
    .join('')
    .replace(/^\./, '');
}
