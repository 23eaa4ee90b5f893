/** Loads a user's ES module, JavaScript or what this Node can run of TypeScript. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeError, UsageError } from '../../errors.js';
import { allowSelfImport } from './self-import.js';

/**
 * @param path relative to the working directory
 * @throws {UsageError} when it cannot be loaded; one line
 */
export async function loadModule(path: string): Promise<{ default?: unknown }> {
  allowSelfImport();
  try {
    return await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new UsageError('SINK_MODULE', `sinks: ${path} cannot be loaded: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  const said = describeError(error);
  // Asked only after the failure: a loader of the user's may be able to.
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts\b/.test(said)) {
    return (
      `TypeScript needs Node 22.18, 23.6 or later (24 is one), this is ${process.version}: ` +
      'use such a Node, or compile it to JavaScript'
    );
  }
  // What Node says of an ES module that a package.json declares to be CommonJS.
  if (error instanceof SyntaxError && /outside a module|Unexpected token 'export'/.test(said))
    return `${said}: it must be an ES module, name it .mjs (or .mts), or say "type": "module" in its package.json`;
  return said;
}
