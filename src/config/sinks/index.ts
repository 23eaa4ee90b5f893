import * as z from 'zod';
import { text } from '../rules.js';
import { messageType } from './common.js';
import { module } from './module.js';
import { ndjson } from './ndjson.js';
import { sql } from './sql.js';
import { webhook } from './webhook.js';

/** What a queue and a sink are: the list items of the configuration. A new kind of sink is one more file here. */

export const queue = z
  .strictObject({
    messageType,
    queueName: text(
      /^[A-Za-z0-9][A-Za-z0-9-]{0,255}$/,
      'be an MNS queue name (at most 256 letters, digits and hyphens)',
    ).describe('Name of the queue as the console shows it; never derived from the message type'),
  })
  .describe('One queue to drain');

export const sink = z.discriminatedUnion('type', [ndjson, webhook, sql, module]);

export type AnySink = z.output<typeof sink>;

/** What a sink is known by: two of one name would take each other's confirmations for their own. */
export function sinkName(config: AnySink): string {
  return config.name ?? `${config.type}:${sinkPlace(config)}`;
}

/** Where a sink's events go. It is logged and stands in metrics, so no password is in it. */
export function sinkPlace(config: AnySink): string {
  if (config.type === 'ndjson' || config.type === 'module') return config.path;
  const { protocol, host, pathname } = new URL(config.url);
  const place = `${protocol}//${host}${pathname}`;
  return config.type === 'sql' ? `${place}/${config.table}` : place;
}
