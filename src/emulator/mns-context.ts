/** What an MNS operation gets: a request whose sender is known and allowed to ask. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FaultEffect } from './fault-rule.js';
import type { MnsCall } from './mns-call.js';
import type { QueueRegistry } from './queue-registry.js';

export interface MnsContext {
  readonly call: MnsCall;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly queues: QueueRegistry;
  /** What shall go wrong inside the operation. */
  readonly fault: FaultEffect['kind'] | undefined;
  /** Whether one more receive may wait. */
  readonly mayWait: () => boolean;
  /** Where the client thinks it talks to, e.g. `http://127.0.0.1:8099`. */
  readonly baseUrl: string;
  /** Calls the listener when the client hangs up before its answer was sent. */
  readonly onDisconnect: (listener: () => void) => void;
}
