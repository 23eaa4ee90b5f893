/**
 * Reads a receipt whose shape cannot be relied on. A field that is missing, empty or of a shape that makes no sense is
 * undefined and nothing ever throws. Names are compared by letters and digits only, in any case, because the same
 * field is published as `send_date`, `SendDate` and `sendDate`, once as `ring_Time` and once with a trailing blank.
 */
import { parseReceiptTime } from '../../beijing-time.js';

/** `10`, `10.5`, `10秒` */
const SECONDS = /^(\d{1,15}(?:\.\d{1,9})?)\s*(?:秒|s)?$/i;

export class Fields {
  readonly #values = new Map<string, unknown>();

  /** @param raw Anything; what is not an object has no fields. */
  constructor(raw: unknown) {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return;
    for (const [key, value] of Object.entries(raw)) {
      const name = plain(key);
      if (!this.#values.has(name)) this.#values.set(name, value);
    }
  }

  /** The first of the fields that holds a text or a number, without white space around it. */
  text(...names: string[]): string | undefined {
    return this.#first(names, textOf);
  }

  /** As {@link text}, but exactly as published. For what people wrote. */
  verbatim(...names: string[]): string | undefined {
    return this.#first(names, (value) =>
      typeof value === 'string' && value.trim() !== '' ? value : undefined,
    );
  }

  /** A duration or a count: not negative. `"10"`, 10 and `"10秒"` are 10. */
  number(...names: string[]): number | undefined {
    return this.#first(names, (value) => {
      const digits = SECONDS.exec(textOf(value) ?? '')?.[1];
      return digits === undefined ? undefined : Number(digits);
    });
  }

  /** ms published → seconds */
  milliseconds(...names: string[]): number | undefined {
    const ms = this.number(...names);
    return ms === undefined ? undefined : ms / 1000;
  }

  /** Whatever the format, ISO 8601 in UTC. A time of 0 is none. */
  time(...names: string[]): string | undefined {
    return this.#first(names, (value) => {
      const text = textOf(value);
      const ms = text === undefined ? undefined : parseReceiptTime(text);
      return ms === undefined ? undefined : new Date(ms).toISOString();
    });
  }

  /** true, false, and the same as texts. */
  flag(name: string): boolean | undefined {
    const value = this.#value(name);
    if (typeof value === 'boolean') return value;
    const text = textOf(value) ?? '';
    return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
  }

  /** Whether the field is there and holds nothing, which is how most receipts say «did not happen». */
  blank(name: string): boolean {
    const value = this.#value(name);
    return value === null || (typeof value === 'string' && value.trim() === '');
  }

  /** Whether the field is not there at all. */
  missing(name: string): boolean {
    return this.#value(name) === undefined;
  }

  /** The fields of the object in a field; none when there is no object. */
  inside(name: string): Fields {
    return new Fields(this.#value(name));
  }

  /** The fields of the JSON text in a field; none when it is not the JSON text of an object. */
  insideText(name: string): Fields {
    const value = this.#value(name);
    if (typeof value !== 'string') return new Fields(value);
    try {
      return new Fields(JSON.parse(value));
    } catch {
      return new Fields(undefined);
    }
  }

  /** The fields of each element of the array in a field. */
  each(name: string): Fields[] {
    const value = this.#value(name);
    return Array.isArray(value) ? value.map((element) => new Fields(element)) : [];
  }

  #value(name: string): unknown {
    return this.#values.get(plain(name));
  }

  #first<T>(names: string[], read: (value: unknown) => T | undefined): T | undefined {
    for (const name of names) {
      const result = read(this.#value(name));
      if (result !== undefined) return result;
    }
    return undefined;
  }
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '');
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/** T while it is being put together: optional properties may still be undefined. */
export type Draft<T> = Omit<T, OptionalKeys<T>> & { [K in OptionalKeys<T>]?: T[K] | undefined };

/** Without the properties that are undefined. */
export function compact<T extends object>(draft: Draft<T>): T {
  const given = Object.entries(draft).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as T;
}
