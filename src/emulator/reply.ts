/** What an operation answers, before the server adds the headers that all answers of its room share. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Further headers: name, value, name, value … */
  readonly headers?: readonly string[];
  /** Messages sent or received: what a limit on throughput counts. @default 1 */
  readonly messages?: number;
}

/** Or no answer at all: the connection is reset, or left open in silence. */
export type Outcome = Reply | 'reset' | 'hang';

export const NO_CONTENT: Reply = { status: 204, body: '' };
