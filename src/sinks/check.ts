/** Would a sink work? Looks at where its events would go, and sends none. */
import { pino } from 'pino';
import { type SinkConfig, sinkName } from '../config/index.js';
import type { Finding } from '../finding.js';
import { maskPhones } from '../mask.js';
import { checkModule } from './module/check.js';
import { checkNdjson } from './ndjson/check.js';
import { checkWebhook } from './webhook/check.js';

/**
 * @param messageTypes of the queues
 * @throws what is in the way, where that is no finding
 */
export async function checkSink(
  config: SinkConfig,
  messageTypes: readonly string[],
  signal: AbortSignal,
): Promise<Finding> {
  const wanted = messageTypes.filter((type) => config.types?.includes(type) ?? true);
  switch (config.type) {
    case 'ndjson':
      return checkNdjson(config);
    case 'webhook':
      return checkWebhook(config, signal);
    case 'module':
      // Its own errors may quote anything.
      return masked(await checkModule(config.path, sinkName(config), wanted, pino({ enabled: false })));
    case 'sql': {
      const { checkSql } = await import('./sql/index.js');
      return checkSql(config, signal);
    }
  }
}

function masked(finding: Finding): Finding {
  return { ...finding, found: maskPhones(finding.found) };
}
