/** Addresses of the pages that describe receipts. A shape names every page that its fields come from. */

/** Pages of the mainland site's help, by their path. */
export function help(...paths: readonly [string, ...string[]]): string {
  return paths.map((path) => `https://help.aliyun.com/${path}`).join(', ');
}

/** Pages of the international site's help, by their path. */
export function intlHelp(...paths: readonly [string, ...string[]]): string {
  return paths.map((path) => `https://www.alibabacloud.com/help/${path}`).join(', ');
}
