/** Messages as files hold them. */

/** One line of a capture file: an MNS message as it arrived. */
export interface CapturedMessage {
  messageId: string;
  queueName: string;
  messageType: string;
  /** MessageBody exactly as received. */
  body: string;
  /** ms since the epoch */
  enqueueTime: number;
  /** From 1; 0 of a message that was only peeked at. */
  dequeueCount: number;
  /** ms since the epoch, clock of the machine that received it */
  receivedAt: number;
  /** Host and port of the MNS endpoint it came from. */
  mnsHost?: string;
}

/** Where in a file something stands. */
export interface Position {
  /** As the user named it; `-` is standard input. */
  file: string;
  /** From 1; of its first line where it takes several. */
  line: number;
}

/** A message from a file: a receipt saved by itself knows nothing but its body. */
export interface FileMessage extends Partial<Omit<CapturedMessage, 'body'>> {
  body: string;
  at: Position;
}

/** A part of a file that is no message, such as what follows a damaged gzip block. */
export interface Unreadable {
  /** One line. */
  unreadable: string;
  at: Position;
}

export function isUnreadable(entry: FileMessage | Unreadable): entry is Unreadable {
  return 'unreadable' in entry;
}

/** Bytes; a longer line, array element or XML element is skipped. MNS itself takes 64 KiB a message. */
export const MAX_ENTRY = 16 * 1024 * 1024;
