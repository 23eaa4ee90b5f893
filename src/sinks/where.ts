/**
 * `sinks[].where`: whether an event's fields are what a sink asks for. Values are compared by what they say, as receipts
 * come with `"true"` for `true` and `"0"` for `0`. Of a list, one element that fits is enough.
 */
import { type EventAttributes, type EventRecord, toEvent } from '../receipts/index.js';

export type Scalar = string | number | boolean;

/** What one field must be: this, one of these, or what the operators say, all of them. */
export type Condition =
  | Scalar
  | readonly Scalar[]
  | {
      /** None of these; a field that is missing is none of them. */
      not?: Scalar | readonly Scalar[] | undefined;
      /** There, and not null. */
      exists?: boolean | undefined;
      /** As the operators below, of one and the same value. */
      prefix?: string | undefined;
      gt?: number | undefined;
      lt?: number | undefined;
    };

/** `data.` and the path of a field, or an attribute of the event → what it must be; all must hold. */
export type Where = Readonly<Record<string, Condition>>;

type Test = (values: readonly unknown[]) => boolean;

const DATA = 'data.';
const DECIMAL = /^\s*-?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/;

export function compileWhere(where: Where): (record: EventRecord) => boolean {
  const tests = Object.entries(where).map(([field, condition]) => ({ field, test: testOf(condition) }));
  const attributes = tests.filter(({ field }) => !field.startsWith(DATA));
  const data = tests
    .filter(({ field }) => field.startsWith(DATA))
    .map(({ field, test }) => ({ path: field.slice(DATA.length).split('.'), test }));
  return (record) => {
    if (!attributes.every(({ field, test }) => test(attributeOf(record, field)))) return false;
    if (data.length === 0) return true;
    const receipt = toEvent(record).data;
    return data.every(({ path, test }) => test(valuesAt(receipt, path)));
  };
}

function attributeOf(record: EventRecord, name: string): unknown[] {
  const value = Object.hasOwn(record, name) ? record[name as keyof EventAttributes] : undefined;
  return value === undefined ? [] : [value];
}

/** What stands at the path, if anything but null does; of lists on the way and at the end, what their elements have. */
function valuesAt(receipt: unknown, path: readonly string[]): unknown[] {
  let values: unknown[] = [receipt];
  for (const name of path) values = values.flatMap((value) => step(value, name));
  return values.flatMap((value) => value ?? []);
}

function step(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  // A list has no fields of its own but its elements, by their numbers.
  if (Array.isArray(value) && !/^\d+$/.test(name)) return value.flatMap((element) => field(element, name));
  return field(value, name);
}

function field(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return [(value as Record<string, unknown>)[name]];
}

function testOf(condition: Condition): Test {
  if (typeof condition !== 'object' || isList(condition)) return (values) => isOneOf(values, condition);
  const { not, exists, prefix, gt, lt } = condition;
  const tests: Test[] = [];
  if (not !== undefined) tests.push((values) => !isOneOf(values, not));
  if (exists !== undefined) tests.push((values) => values.length > 0 === exists);
  if (prefix !== undefined || gt !== undefined || lt !== undefined) {
    tests.push((values) =>
      values.some((value) => {
        if (prefix !== undefined && !(isScalar(value) && String(value).startsWith(prefix))) return false;
        return (
          (gt === undefined || (numberOf(value) ?? Number.NaN) > gt) &&
          (lt === undefined || (numberOf(value) ?? Number.NaN) < lt)
        );
      }),
    );
  }
  return (values) => tests.every((test) => test(values));
}

function isOneOf(values: readonly unknown[], wanted: Scalar | readonly Scalar[]): boolean {
  const list = isList(wanted) ? wanted : [wanted];
  return values.some((value) => list.some((one) => isSame(value, one)));
}

function isSame(value: unknown, wanted: Scalar): boolean {
  if (!isScalar(value)) return false;
  if (String(value) === String(wanted)) return true;
  // "1.0" and 1; two texts are the same only letter by letter.
  if (typeof value !== 'number' && typeof wanted !== 'number') return false;
  const number = numberOf(value);
  return number !== undefined && number === numberOf(wanted);
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && DECIMAL.test(value) ? Number(value) : undefined;
}

function isScalar(value: unknown): value is Scalar {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isList(condition: unknown): condition is readonly Scalar[] {
  return Array.isArray(condition);
}
