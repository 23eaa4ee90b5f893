/**
 * The ops HTTP's part for dead letters: what `receiptd dead` asks a daemon that has the store. What is changed is named, by
 * id, by a filter or by `all`, and a field that is not known is refused rather than taken for none. Whoever asks and goes
 * away ends what was asked for. A viewer gets the list, whose phone numbers are masked, and a whole dead letter only where
 * pages show such numbers as well.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { UsageError } from '../errors.js';
import type {
  DeadLetterDesk,
  DeadLetterFilter,
  DeadLetterRange,
  DeadLetterSelection,
  ExportFormat,
} from '../pipeline/index.js';

const MAX_LIST = 1_000;
const MAX_TYPES = 100;

const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };
const types = { type: 'array', items: text, maxItems: MAX_TYPES };
const filter = { queueName: text, types, reason: text, since: time, until: time };
const range = { ...filter, all: { const: true }, asOf: time };
const selection = {
  ...range,
  messageIds: { type: 'array', items: text, minItems: 1, maxItems: MAX_LIST },
};

/** Unknown names are refused: a filter that is mistyped would otherwise stand for all. */
function only(properties: Record<string, unknown>) {
  return { type: 'object', propertyNames: { enum: Object.keys(properties) }, properties };
}

interface Query {
  queue?: string;
  type?: string[];
  reason?: string;
  since?: string;
  until?: string;
  limit?: number;
}

export function deadLetterRoutes(
  app: FastifyInstance,
  desk: () => DeadLetterDesk | undefined,
  unmask: boolean,
): void {
  const ask = async <T>(question: (desk: DeadLetterDesk) => Promise<T>): Promise<T> => {
    const found = desk();
    if (found === undefined) throw refusal(503, 'the store is not open yet');
    return question(found).catch((error: unknown) => {
      throw error instanceof UsageError ? Object.assign(error, { statusCode: 400 }) : error;
    });
  };
  const query = {
    queue: text,
    type: types,
    reason: text,
    since: time,
    until: time,
    limit: { type: 'integer', minimum: 1, maximum: MAX_LIST },
  };
  app.get<{ Querystring: Query }>(
    '/api/dead',
    { schema: { querystring: only(query) } },
    ({ query: { queue, type, limit = 100, ...rest } }) =>
      ask((open) =>
        open.list({
          ...rest,
          limit,
          ...(queue !== undefined && { queueName: queue }),
          ...(type !== undefined && { types: type }),
        }),
      ),
  );
  app.get<{ Params: { id: string } }>(
    '/api/dead/:id',
    { config: { access: unmask ? 'viewer' : 'operator' } },
    async ({ params }) => {
      const found = await ask((open) => open.show(params.id));
      if (found === undefined) throw refusal(404, `no dead letter ${params.id}`);
      return found;
    },
  );
  // A web page elsewhere cannot send JSON without asking first, and nothing here answers such a question.
  app.post<{ Body: DeadLetterRange }>('/api/dead/count', { schema: { body: only(range) } }, ({ body }) =>
    ask((open) => open.count(body)),
  );
  for (const what of ['retry', 'drop'] as const) {
    app.post<{ Body: DeadLetterSelection }>(
      `/api/dead/${what}`,
      { schema: { body: only(selection) } },
      ({ body }, reply) => {
        checkSelection(body);
        return ask((open) => open[what](body, whileThere(reply)));
      },
    );
  }
  app.post<{ Body: DeadLetterSelection & { format?: ExportFormat } }>(
    '/api/dead/export',
    { schema: { body: only({ ...selection, format: { enum: ['capture', 'json'] } }) } },
    async ({ body: { format = 'capture', ...rest } }, reply) => {
      checkSelection(rest);
      const lines = await ask((open) => begun(open.export(rest, format, whileThere(reply))));
      return reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(lines));
    },
  );
}

function checkSelection(asked: DeadLetterSelection): void {
  const {
    messageIds,
    asOf: _,
    ...named
  } = asked as { messageIds?: string[]; asOf?: string } & DeadLetterFilter;
  const filters = Object.keys(named);
  if (messageIds === undefined ? filters.length > 0 : filters.length === 0) return;
  const advice =
    'name messageIds, or else say all: true or a filter (queueName, types, reason, since, until)';
  throw refusal(400, advice);
}

/** What is wrong with the question shows with the first line, while it can still be answered with an error. */
async function begun(lines: AsyncIterable<string>): Promise<AsyncGenerator<string>> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
  })();
}

/** Aborts when the client goes away before it has its answer. */
function whileThere({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(new Error('the client has gone'));
  });
  return gone.signal;
}

function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode });
}
