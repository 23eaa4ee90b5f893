/** What is searched for: an id, or a phone number as people write it. */

/** Characters */
export const MOST_QUERY = 200;

/** 13800138000, 138 0013 8000, +86 138-0013-8000 */
const MOBILE = /^(?:\+|00)?(?:86)?[ -]?1[3-9]\d[ -]?\d{4}[ -]?\d{4}$/;

function isMobile(text: string): boolean {
  return MOBILE.test(text);
}

/** Receipts have their numbers in one run. */
export function queryOf(text: string): string {
  const query = text.trim();
  return isMobile(query) ? query.replace(/[ -]/g, '') : query;
}
