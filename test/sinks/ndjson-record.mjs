/** An event as the pipeline carries it, for scripts that run in a process of their own. */
import { readFileSync } from 'node:fs';

const attributes = JSON.parse(readFileSync(new URL('./record.json', import.meta.url), 'utf8'));

export const record = (id, data = {}) => ({ ...attributes, id, json: JSON.stringify(data) });
