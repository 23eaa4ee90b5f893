/**
 * Receipts of the forms that the vendor's pages print, numbers and names changed, one a file in test/fixtures/receipts:
 * `<message type>[-<variant>].json`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { catalog, type MessageType } from '../../src/receipts/catalog.js';
import { type ReceiptShape, shapeOf } from '../../src/receipts/receipt-type.js';

export interface Fixture {
  /** The file's name without its ending. */
  name: string;
  type: MessageType;
  /** The pages it follows. */
  source: string;
  /** What is special about it. */
  note?: string;
  receipt: Record<string, unknown>;
}

const DIRECTORY = new URL('../fixtures/receipts/', import.meta.url);

export const fixtures: readonly Fixture[] = readdirSync(DIRECTORY)
  .sort()
  .map((file) => {
    const name = file.replace(/\.json$/, '');
    return { ...JSON.parse(readFileSync(new URL(file, DIRECTORY), 'utf8')), name, type: name.split('-')[0] };
  });

/** @throws when there is none of that name */
export function fixture(name: string): Fixture {
  const found = fixtures.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no test/fixtures/receipts/${name}.json`);
  return found;
}

type Typed = Pick<Fixture, 'type' | 'receipt'>;

export function shapeFor({ type, receipt }: Typed): ReceiptShape {
  return shapeOf(receipt, catalog[type]);
}

/** The fields that differ from the schema. */
export function driftOf({ type, receipt }: Typed): string[] {
  const issues = shapeFor({ type, receipt }).schema.safeParse(receipt).error?.issues ?? [];
  return issues.map(({ path }) => path.join('.'));
}
