/** The names of everything a client can ask of the emulator: what faults are ordered for, and what is counted. */
export const MNS_OPERATIONS = [
  'CreateQueue',
  'SetQueueAttributes',
  'GetQueueAttributes',
  'ListQueue',
  'DeleteQueue',
  'SendMessage',
  'BatchSendMessage',
  'ReceiveMessage',
  'BatchReceiveMessage',
  'PeekMessage',
  'BatchPeekMessage',
  'DeleteMessage',
  'BatchDeleteMessage',
  'ChangeMessageVisibility',
] as const;

export type MnsOperation = (typeof MNS_OPERATIONS)[number];

/** The one action of the dybaseapi side. */
export const POP_OPERATION = 'QueryTokenForMnsQueue';

export type Operation = MnsOperation | typeof POP_OPERATION;

export const OPERATIONS: readonly Operation[] = [...MNS_OPERATIONS, POP_OPERATION];
