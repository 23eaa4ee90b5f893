/**
 * Lets a handlers' file import `receiptd` where the package is not installed: in a container, or beside a checkout. An
 * installed one is found first; otherwise the name means the receiptd that is running.
 */
import { register } from 'node:module';

const RUNNING = new URL('../../index.js', import.meta.url).href;

/** Source of a module of resolve hooks, which Node runs in a thread of its own. */
const HOOKS = `
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (specifier !== 'receiptd') throw error;
    return { url: ${JSON.stringify(RUNNING)}, shortCircuit: true };
  }
}`;

let registered = false;

export function allowSelfImport(): void {
  if (registered) return;
  registered = true;
  register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);
}
