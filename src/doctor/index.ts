/**
 * The doctor: looks at everything that a configuration leads to, without receiving a message, delivering an event, opening
 * a store or taking a lock, so that it may look while a daemon runs.
 */
import { type Config, sinkName } from '../config/index.js';
import type { Reached } from '../reach.js';
import { checkSink } from '../sinks/index.js';
import { accessChecks } from './access.js';
import { clockCheck, type Endpoint, endpointChecks, tracingCheck } from './endpoints.js';
import { captureCheck, dataDirCheck, environmentCheck, opsCheck } from './places.js';
import type { Check } from './run-checks.js';
import { storeCheck } from './store.js';

export { type Check, type CheckResult, runChecks } from './run-checks.js';

/** ms beyond a sink's own time limit. */
const GRACE_MS = 1_000;
const LONGEST_MS = 30_000;

/** @param env of this process: what in it changes how receiptd works */
export function checksOf(config: Config, env: NodeJS.ProcessEnv): Check[] {
  const reached = new Map<Endpoint, Reached>();
  return [
    environmentCheck(env),
    ...endpointChecks(config, env, reached),
    clockCheck(config, reached),
    ...accessChecks(config),
    config.pipeline.backend === 'embedded' ? dataDirCheck(config) : storeCheck(config),
    ...sinkChecks(config),
    ...(config.capture.dir === '' ? [] : [captureCheck(config)]),
    opsCheck(config),
    ...(config.tracing.endpoint === '' ? [] : [tracingCheck(config)]),
  ];
}

function sinkChecks({ sinks, queues }: Config): Check[] {
  const types = [...new Set(queues.map(({ messageType }) => messageType))];
  return sinks.map((sink) => ({
    name: `sink ${sinkName(sink)}`,
    limit: Math.min(LONGEST_MS, 'timeout' in sink && sink.timeout > 0 ? sink.timeout + GRACE_MS : LONGEST_MS),
    run: (signal) => checkSink(sink, types, signal),
  }));
}
