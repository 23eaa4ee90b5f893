/**
 * Whose page a request comes from. A write is done for receiptd's own pages and for programs, never for a page of another
 * site: browsers say in Sec-Fetch-Site (where the address is https or loopback) or else in Origin where a write was caused,
 * and no page can change either. Together with a cookie that is SameSite=Strict this does what a token in each form would,
 * without a state to keep; programs send neither header, and a bearer token, which no foreign page has.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** `unsaid` is a program, or a browser that reads. */
export type Source = 'own' | 'foreign' | 'unsaid';

export function sourceOf(headers: IncomingHttpHeaders): Source {
  const site = headers['sec-fetch-site'];
  // What a person typed in comes from nowhere, and a person types in no write.
  if (site !== undefined) return site === 'same-origin' || site === 'none' ? 'own' : 'foreign';
  const { origin, host = '' } = headers;
  if (origin === undefined) return 'unsaid';
  // Behind a proxy that ends TLS the scheme differs.
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase() ? 'own' : 'foreign';
}

/** Whether it opens a page in a window, as a link or an address does. */
export function isNavigation({ method = 'GET', headers }: { method?: string; headers: IncomingHttpHeaders }) {
  if (method !== 'GET') return false;
  const mode = headers['sec-fetch-mode'];
  return mode === undefined ? (headers.accept ?? '').includes('text/html') : mode === 'navigate';
}
