/**
 * The message type of a receipt that comes without one, as in a file of bare receipts. The names of its fields tell:
 * the type that knows the most of them, provided that its schema accepts the receipt. Between equals it is the one that
 * comes first in the catalog. A receipt whose best type does not accept it is not guessed to be something else.
 */
import { catalog, type MessageType, receiptType } from './catalog.js';
import { type ReceiptShape, type ReceiptType, shapeOf } from './receipt-type.js';

interface Candidate {
  type: MessageType;
  shape: ReceiptShape;
}

/** One field proves nothing. */
const LEAST_KNOWN = 2;
/** Lists of field names whose candidates are remembered; a file has a handful. */
const MOST_REMEMBERED = 1_000;
/** Characters of such a list; the longest published one has 600. Longer ones are not remembered. */
const LONGEST_REMEMBERED = 4_096;

const remembered = new Map<string, readonly Candidate[]>();

/** @returns undefined when no type fits, or when what would fit could be anything */
export function guessMessageType(receipt: object): MessageType | undefined {
  return candidatesFor(receipt).find(({ shape }) => shape.schema.safeParse(receipt).success)?.type;
}

/** The type that somebody says the receipt has, unless it cannot have that and plainly has another one. */
export function believedMessageType(receipt: object, said: string): string {
  const type = receiptType(said);
  if (type === undefined || shapeOf(receipt, type).schema.safeParse(receipt).success) return said;
  return guessMessageType(receipt) ?? said;
}

function candidatesFor(receipt: object): readonly Candidate[] {
  const names = Object.keys(receipt);
  if (names.length < LEAST_KNOWN || Array.isArray(receipt)) return [];
  const key = JSON.stringify(names);
  if (key.length > LONGEST_REMEMBERED) return findCandidates(receipt, names);
  const known = remembered.get(key);
  if (known !== undefined) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const found = findCandidates(receipt, names);
  remembered.set(key, found);
  return found;
}

/** Those that know the most of the names, in the order of the catalog. Depends on nothing but the names. */
function findCandidates(receipt: object, names: readonly string[]): Candidate[] {
  let most = Math.max(LEAST_KNOWN, Math.ceil(names.length / 2));
  let best: Candidate[] = [];
  for (const [type, entry] of Object.entries(catalog) as [MessageType, ReceiptType][]) {
    const shape = shapeOf(receipt, entry);
    if (!hasRequired(receipt, shape)) continue;
    const known = names.filter((name) => Object.hasOwn(shape.schema.shape, name)).length;
    if (known > most) best = [];
    if (known >= most) best.push({ type, shape });
    most = Math.max(most, known);
  }
  return best;
}

/** Never of a schema that requires nothing: it would accept anything. */
function hasRequired(receipt: object, { schema }: ReceiptShape): boolean {
  const required = requiredOf(schema);
  return required.length > 0 && required.every((name) => Object.hasOwn(receipt, name));
}

const requiredNames = new WeakMap<ReceiptShape['schema'], readonly string[]>();

function requiredOf(schema: ReceiptShape['schema']): readonly string[] {
  const known = requiredNames.get(schema);
  if (known !== undefined) return known;
  const names = Object.entries(schema.shape)
    .filter(([, field]) => !field.safeParse(undefined).success)
    .map(([name]) => name);
  requiredNames.set(schema, names);
  return names;
}
