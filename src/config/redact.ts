import type { Config } from './schema.js';

/** A copy of a configuration that may be printed: set secrets and passwords in URLs are `***`. */
export function redact(config: Config): Config {
  return hide(config) as Config;
}

const SECRET = /secret|token|password|passphrase|accessKeyId|privateKey|apiKey|phoneKey/i;
const HIDDEN = '***';
/** Every value in it is a secret: who wrote it there knows best what a header is called. */
const ALL_SECRET = 'headers';

function hide(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => hide(item, key));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, hide(item, key === ALL_SECRET ? 'secret' : name)]),
    );
  if (typeof value !== 'string' || value === '') return value;
  return SECRET.test(key) ? HIDDEN : hidePassword(value);
}

/** Any URL, also one in a key that does not exist yet. ioredis takes a password in the query as well. */
function hidePassword(text: string): string {
  if (!text.includes('://') || !URL.canParse(text)) return text;
  const url = new URL(text);
  const secrets = [...url.searchParams.keys()].filter((name) => SECRET.test(name));
  if (!url.password && secrets.length === 0) return text;
  if (url.password) url.password = HIDDEN;
  for (const name of secrets) url.searchParams.set(name, HIDDEN);
  return url.href;
}
