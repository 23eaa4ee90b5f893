/**
 * Addresses of the pages that describe receipts. A shape names every page that its fields come from. A field that only some
 * of them have says which, or the way (HTTP, MNS) by which it comes; the others are on all of them.
 */

/** Pages of the mainland site's help, by their path. */
export function help(...paths: readonly [string, ...string[]]): string {
  return paths.map((path) => `https://help.aliyun.com/${path}`).join(', ');
}

/** Pages of the international site's help, by their path. */
export function intlHelp(...paths: readonly [string, ...string[]]): string {
  return paths.map((path) => `https://www.alibabacloud.com/help/${path}`).join(', ');
}
