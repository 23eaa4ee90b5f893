/**
 * A configuration that may be printed. Known secrets are hidden, whatever is called like one, and what a URL may hold of
 * them: who prints the configuration does so to show it to somebody.
 */
import type { Config } from './schema.js';

const SECRET = /secret|token|password|passphrase|accessKeyId|privateKey|apiKey|phoneKey/i;
const HIDDEN = '***';
/** Every value in it is a secret: who wrote it there knows best what a header is called. */
const ALL_SECRET = 'headers';

/** Of a sink's query: settings of database drivers. Others may be a key to a webhook, or JSON with keys in it. */
const HARMLESS = new Set(
  `sslmode sslrootcert sslcert sslkey sslnegotiation application_name fallback_application_name connect_timeout
  statement_timeout query_timeout lock_timeout idle_in_transaction_session_timeout keepalives client_encoding
  connectTimeout charset timezone host port`.split(/\s+/),
);

/** A copy of a configuration that may be printed: set secrets and passwords in URLs are `***`. */
export function redact(config: Config): Config {
  return { ...(hide(config) as Config), sinks: config.sinks.map(hideSink) };
}

function hideSink(sink: Config['sinks'][number]): Config['sinks'][number] {
  const hidden = hide(sink) as typeof sink;
  return 'url' in hidden && 'url' in sink ? { ...hidden, url: hideSinkUrl(sink.url) } : hidden;
}

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

/** A user alone is a token to a web server, and a name to a database. */
function hideSinkUrl(text: string): string {
  if (!URL.canParse(text)) return HIDDEN;
  const url = new URL(text);
  const pairs = url.search.slice(1).split('&');
  const query = pairs.map(hidePair).join('&');
  const isToken = url.username !== '' && url.password === '' && /^https?:$/.test(url.protocol);
  if (!url.password && !isToken && query === pairs.join('&') && url.hash === '') return text;
  if (url.password) url.password = HIDDEN;
  if (isToken) url.username = HIDDEN;
  url.search = query;
  if (url.hash !== '') url.hash = HIDDEN;
  return url.href;
}

/** Of a query; what has no name may be a key by itself. */
function hidePair(pair: string): string {
  const [name = '', value] = pair.split('=', 2);
  if (pair === '' || value === '' || HARMLESS.has(name)) return pair;
  return value === undefined ? HIDDEN : `${name}=${HIDDEN}`;
}
