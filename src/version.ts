import { existsSync, readFileSync } from 'node:fs';

/** The version of this package. */
export const VERSION = (JSON.parse(readFileSync(manifest(), 'utf8')) as { version: string }).version;

/** The nearest package.json above: the way to it is another from `src/`, `dist/` and wherever else this is compiled to. */
function manifest(): URL {
  let found = new URL('../package.json', import.meta.url);
  for (;;) {
    const above = new URL('../package.json', found);
    if (existsSync(found) || above.href === found.href) return found;
    found = above;
  }
}
