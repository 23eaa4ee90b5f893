/**
 * The MNS side: from a request to a reply. Every refusal leaves as the documented `<Error>` body. What a caller may do:
 * the account everything; a token only consume from queues it was issued for (dybaseapi.md §1: the queues belong to
 * Alibaba's account, and it is open whether a token may even read their attributes, so nobody should rely on that).
 */
import type { FaultPlan } from './faults.js';
import type { Caller, MnsAuthenticator, SignedRequest } from './mns-auth.js';
import { type MnsCall, type MnsOperation, parseMnsCall } from './mns-call.js';
import type { MnsContext } from './mns-context.js';
import { MnsError } from './mns-error.js';
import * as messages from './mns-messages.js';
import * as resources from './mns-queues.js';
import { element, xmlDocument } from './mns-xml.js';
import type { QueueRegistry } from './queue-registry.js';
import type { Outcome, Reply } from './reply.js';
import type { Counters } from './stats.js';

export interface MnsRequest extends SignedRequest, Pick<MnsContext, 'baseUrl' | 'onDisconnect'> {
  readonly requestId: string;
}

const HANDLERS: Readonly<Record<MnsOperation, (context: MnsContext) => Reply | Promise<Reply>>> = {
  CreateQueue: resources.createQueue,
  SetQueueAttributes: resources.setQueueAttributes,
  GetQueueAttributes: resources.getQueueAttributes,
  ListQueue: resources.listQueue,
  DeleteQueue: resources.deleteQueue,
  SendMessage: messages.sendMessage,
  BatchSendMessage: messages.batchSendMessage,
  ReceiveMessage: messages.receiveMessage,
  BatchReceiveMessage: messages.batchReceiveMessage,
  PeekMessage: messages.peekMessage,
  BatchPeekMessage: messages.batchPeekMessage,
  DeleteMessage: messages.deleteMessage,
  BatchDeleteMessage: messages.batchDeleteMessage,
  ChangeMessageVisibility: messages.changeMessageVisibility,
};

export const MNS_OPERATIONS = Object.keys(HANDLERS) as readonly MnsOperation[];

const TOKEN_MAY: ReadonlySet<MnsOperation> = new Set([
  'ReceiveMessage',
  'BatchReceiveMessage',
  'PeekMessage',
  'BatchPeekMessage',
  'DeleteMessage',
  'BatchDeleteMessage',
  'ChangeMessageVisibility',
]);

export class MnsService {
  readonly #queues: QueueRegistry;
  readonly #authenticator: MnsAuthenticator;
  readonly #faults: FaultPlan;
  readonly #counters: Counters;

  constructor(queues: QueueRegistry, authenticator: MnsAuthenticator, faults: FaultPlan, counters: Counters) {
    this.#queues = queues;
    this.#authenticator = authenticator;
    this.#faults = faults;
    this.#counters = counters;
  }

  async handle(request: MnsRequest): Promise<Outcome> {
    try {
      const body = request.body.toString();
      const call = parseMnsCall(request.method, request.target, body);
      this.#counters.count(call.operation);
      const fault = this.#faults.take(call.operation);
      if (typeof fault === 'string') return fault;
      if (fault !== undefined) return errorReply(fault.status, fault.code, 'Injected fault.', request);
      authorize(this.#authenticator.authenticate(request), call, this.#queues);
      const { headers, baseUrl, onDisconnect } = request;
      return await HANDLERS[call.operation]({
        call,
        headers,
        body,
        queues: this.#queues,
        baseUrl,
        onDisconnect,
      });
    } catch (error) {
      const { status, code, message } =
        error instanceof MnsError ? error : new MnsError('InternalError', String(error));
      return errorReply(status, code, message, request);
    }
  }
}

/** An unknown queue stays a 404 for everybody; one of another type, name or owner is a 403 (dybaseapi.md §2.3). */
function authorize(caller: Caller, { operation, queueName }: MnsCall, queues: QueueRegistry): void {
  if (caller === 'account') return;
  if (!TOKEN_MAY.has(operation)) throw new MnsError('AccessDenied');
  const { messageType } = queues.get(queueName);
  if (messageType !== caller.messageType || (caller.queueName ?? queueName) !== queueName) {
    throw new MnsError('AccessDenied');
  }
}

function errorReply(status: number, code: string, message: string, request: MnsRequest): Reply {
  const content =
    element('Code', code) +
    element('Message', message) +
    element('RequestId', request.requestId) +
    element('HostId', request.baseUrl);
  return { status, body: xmlDocument('Error', content) };
}
