/**
 * The MNS side: from a request to a reply. Every refusal leaves as the documented `<Error>` body. What a caller may do:
 * the account everything; a token only consume from queues it was issued for (dybaseapi.md §1: the queues belong to
 * Alibaba's account, and it is open whether a token may even read their attributes, so nobody should rely on that).
 */
import type { FaultRules, Injection } from './fault-rules.js';
import type { Caller, MnsAuthenticator, SignedRequest } from './mns-auth.js';
import { type MnsCall, parseMnsCall } from './mns-call.js';
import type { MnsContext } from './mns-context.js';
import { MnsError, textOf } from './mns-error.js';
import * as messages from './mns-messages.js';
import * as resources from './mns-queues.js';
import { element, xmlDocument } from './mns-xml.js';
import type { MnsOperation } from './operations.js';
import { pause } from './pause.js';
import type { QueueRegistry } from './queue-registry.js';
import type { Outcome, Reply } from './reply.js';
import type { Settings } from './settings.js';
import type { Counters } from './stats.js';
import type { Throttle } from './throttle.js';
import type { TokenStore } from './token-store.js';

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

const TOKEN_MAY: ReadonlySet<MnsOperation> = new Set([
  'ReceiveMessage',
  'BatchReceiveMessage',
  'PeekMessage',
  'BatchPeekMessage',
  'DeleteMessage',
  'BatchDeleteMessage',
  'ChangeMessageVisibility',
]);

export interface MnsRooms {
  readonly queues: QueueRegistry;
  readonly authenticator: MnsAuthenticator;
  readonly tokens: TokenStore;
  readonly faults: FaultRules;
  readonly throttle: Throttle;
  readonly counters: Counters;
  readonly settings: Readonly<Settings>;
  /** Makes what has happened so far durable, where that was asked for. */
  readonly flush: () => void;
}

export class MnsService {
  readonly #rooms: MnsRooms;

  constructor(rooms: MnsRooms) {
    this.#rooms = rooms;
  }

  async handle(request: MnsRequest): Promise<Outcome> {
    let injected: Injection | undefined;
    let outcome: Outcome;
    try {
      const body = request.body.toString();
      const call = parseMnsCall(request.method, request.target, body);
      this.#rooms.counters.count(call.operation);
      injected = this.#rooms.faults.decide(call.operation, call.queueName);
      outcome = await this.#perform(request, body, call, injected);
      this.#rooms.flush();
    } catch (error) {
      const { status, code, message } =
        error instanceof MnsError ? error : new MnsError('InternalError', String(error));
      outcome = errorReply(status, code, message, request);
    }
    return injected?.effect?.kind === 'lost' ? 'reset' : outcome;
  }

  async #perform(request: MnsRequest, body: string, call: MnsCall, injected?: Injection): Promise<Outcome> {
    const { queues, authenticator, tokens, throttle, settings } = this.#rooms;
    const { headers, baseUrl, onDisconnect } = request;
    const { delay = 0, effect } = injected ?? {};
    // Who has hung up meanwhile wants no effect any more, and gets no answer.
    if (delay > 0 && !(await pause(delay, onDisconnect))) return 'hang';
    if (effect?.kind === 'reset' || effect?.kind === 'hang') return effect.kind;
    if (effect?.kind === 'error') return errorReply(effect.status, effect.code, textOf(effect.code), request);

    const caller = authenticator.authenticate(request);
    if (effect?.kind === 'expired-token' && caller !== 'account') {
      tokens.revoke(caller);
      throw new MnsError('InvalidSecurityToken');
    }
    authorize(caller, call, queues);
    const hold = throttle.admit(call.operation, queues.find(call.queueName));
    if (hold !== undefined) {
      if (hold > 0 && !(await pause(hold, onDisconnect))) return 'hang';
      throw new MnsError('TooManyRequests');
    }
    const reply = await HANDLERS[call.operation]({
      call,
      headers,
      body,
      queues,
      baseUrl,
      onDisconnect,
      fault: effect?.kind,
      mayWait: () => queues.waiting < settings.maxWaiting,
    });
    throttle.charge(reply.messages ?? 1);
    return reply;
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
