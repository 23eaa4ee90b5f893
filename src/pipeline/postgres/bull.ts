/**
 * BullMQ's PostgreSQL backend in a schema of our choice, over a pool of ours. BullMQ takes every pool it is given to be
 * set on its own default schema, asks for the schema's version before its first statement, and remembers for ever when
 * that failed because the server was away; here whoever opens the store has made sure of the schema already.
 */
import {
  type BackendFactory,
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
} from 'bullmq';

class SchemaConnection extends PostgresConnection {
  override readonly schema: string;

  constructor(connection: PostgresConnectionOptions, schema: string) {
    super(connection);
    this.schema = schema;
  }

  override async waitUntilReady(): Promise<void> {}
}

export function createBackendIn(
  schema: string,
): BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> {
  return (name, opts) =>
    new PostgresQueueBackend(new SchemaConnection(opts.connection, schema), name, opts, true);
}
