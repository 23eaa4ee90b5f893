/**
 * What the rooms know of tracing. They hand over what they do anyway and get back something to use in its place: with
 * tracing off that is the very same thing, so that nothing is paid for it.
 */
import type { Telemetry } from 'bullmq';
import type { Acknowledgement } from '../ack/index.js';
import type { Sink } from '../sinks/index.js';

export type Receive<Request, Message> = (request: Request) => Promise<Message[]>;
export type Take<Message> = (messages: Message[]) => Promise<void>;
export type DeleteBatch<Failure> = (
  receiptHandles: readonly string[],
  messages: readonly Acknowledgement[],
) => Promise<readonly Failure[]>;

export interface Tracing {
  /** For BullMQ's queues and workers: carries what caused a job along in the job, whoever delivers it. */
  readonly telemetry: Telemetry | undefined;
  /** A span for each poll that brought messages, or failed. An abort is no failure. */
  receiving<Request extends { signal: AbortSignal }, Message>(
    queueName: string,
    receive: Receive<Request, Message>,
  ): Receive<Request, Message>;
  /** What is done with a batch belongs to the poll that brought it. @param take gets the very list that was received */
  taking<Message>(take: Take<Message>): Take<Message>;
  /** A span for each delivery that the sink is asked for, and its context for whoever the sink asks in turn. */
  sink(sink: Sink): Sink;
  /** Remembers what this message belongs to, for {@link acknowledging}. @returns the message */
  finished(message: Acknowledgement): Acknowledgement;
  /** A span for each batch delete: part of what its first message belongs to, linked to what all others do. */
  acknowledging<Failure>(queueName: string, deleteBatch: DeleteBatch<Failure>): DeleteBatch<Failure>;
  /** Sends what is still to be sent, within a second or two. */
  close(): Promise<void>;
}

/** Tracing that is off. */
export const untraced: Tracing = {
  telemetry: undefined,
  receiving: (_, receive) => receive,
  taking: (take) => take,
  sink: (sink) => sink,
  finished: (message) => message,
  acknowledging: (_, deleteBatch) => deleteBatch,
  close: async () => {},
};
