/**
 * What must not be told of a webhook, in errors, logs, dead letters or /readyz, although a receiver tells it back: what
 * authenticates the sender, and what of the URL may do so. A query is secret, value by value. So is the path of a sink
 * that has a name of its own: without one the sink is called by its path, and whoever logs that has no secret there.
 */

const LEAST_SECRET = 3;
const LEAST_PART = 6;
/** A path has words such as `webhooks` beside its secrets; what is shorter than those would only make holes. */
const LEAST_SEGMENT = 8;

/** Text that must not be told. */
export type Hide = (text: string) => string;

/**
 * Replaces secrets, also where a receiver tells back only part of a header, or has it in JSON.
 * @param secrets values of headers, passwords, keys, what `urlSecrets` found
 */
export function hiding(secrets: readonly string[]): Hide {
  // What is very short would only make holes in harmless text.
  const whole = secrets.filter(({ length }) => length >= LEAST_SECRET);
  const parts = secrets.flatMap((secret) => secret.split(/\s+/)).filter(({ length }) => length >= LEAST_PART);
  const all = [...whole, ...parts].flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]);
  // The longest first: another may be part of it.
  const hidden = [...new Set(all)].sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/** @param named whether the sink is called by something else than its URL */
export function urlSecrets({ username, password, pathname, search }: URL, named: boolean): string[] {
  const query = search.slice(1);
  // Who gives no password has a token for a user.
  const found = [password === '' ? username : password, query];
  for (const pair of query.split('&')) {
    const value = pair.slice(pair.indexOf('=') + 1);
    found.push(value, value.replaceAll('+', ' '));
  }
  if (named) {
    const segments = pathname.split('/').flatMap((segment) => [segment, decoded(segment)]);
    found.push(pathname, ...segments.filter(({ length }) => length >= LEAST_SEGMENT));
  }
  return found.flatMap((text) => [text, decoded(text)]);
}

/** Percent-decoded; a stray percent sign stays as it is. */
export function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (part) =>
    Buffer.from(part.replaceAll('%', ''), 'hex').toString(),
  );
}
