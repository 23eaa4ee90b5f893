import * as z from 'zod';
import { dedupe, pipeline } from './pipeline.js';
import { regionEndpoints } from './regions.js';
import { must, oneOf, origin, repeated, secretText, text, whenSound, whole } from './rules.js';
import { queue, sink, sinkName } from './sinks/index.js';
import { tracing } from './tracing.js';

/**
 * The configuration, key by key: the single source of its types, defaults, ranges, prose and JSON Schema. A value of
 * type `Config` has passed every rule of this file, so no other room checks a setting again.
 */

const endpoints = z.strictObject({
  dybaseapi: origin().optional().describe('URL of the token service (dybaseapi); default: by region'),
  mns: origin().optional().describe('URL of the MNS account that owns the queues; default: by region'),
  apiVersion: text(/^\d{4}-\d{2}-\d{2}$/, 'be a date such as 2017-05-25')
    .default('2017-05-25')
    .describe('Version of the dybaseapi API'),
});

const credentials = z
  .strictObject({
    accessKeyId: secretText().optional().describe('AccessKey id; goes together with accessKeySecret'),
    accessKeySecret: secretText().optional().describe('AccessKey secret'),
    securityToken: secretText().optional().describe('STS token, for temporary keys only'),
  })
  .superRefine(
    (keys, issues) => {
      const given = Object.entries(keys).find(([, value]) => value)?.[0];
      for (const key of ['accessKeyId', 'accessKeySecret'] as const)
        if (given && !keys[key])
          issues.addIssue({ code: 'custom', path: [key], message: `is required with credentials.${given}` });
    },
    whenSound('accessKeyId', 'accessKeySecret', 'securityToken'),
  )
  // An empty key is no key: `accessKeyId: ${MY_ID:-}` falls back to the default chain.
  .transform((keys): { accessKeyId?: string; accessKeySecret?: string; securityToken?: string } =>
    Object.fromEntries(Object.entries(keys).filter(([, value]) => value)),
  );

const poll = z.strictObject({
  threads: whole(1, 64)
    .default(2)
    .describe('Worker threads, each a whole slice (the embedded backend uses one)'),
  maxConcurrency: whole(1, 64).default(8).describe('Concurrent long polls of one queue, over all threads'),
  waitSeconds: whole(0, 30)
    .default(30)
    .describe('How long one long poll waits for a message')
    .meta({ unit: 's' }),
  batchSize: whole(1, 16)
    .default(16)
    .describe('Messages received and deleted at a time; MNS allows 16')
    .meta({ unit: 'messages' }),
});

const ack = z.strictObject({
  linger: whole(0, 10_000)
    .default(50)
    .describe('How long a batch delete waits to fill up')
    .meta({ unit: 'ms' }),
});

const capture = z.strictObject({
  dir: z
    .string({ error: must('be text') })
    .default('')
    .describe('Directory to keep raw messages in, relative to the working directory; empty keeps none'),
  gzip: z
    .boolean({ error: must('be true or false') })
    .default(false)
    .describe('Whether files are compressed (.ndjson.gz)'),
  maxBytes: whole(64 * 1024, 1024 ** 4)
    .default(128 * 1024 ** 2)
    .describe('Size on disk at which a new file is started')
    .meta({ unit: 'bytes' }),
  // setTimeout takes no more than 2^31 - 1 ms, which is 24 days.
  maxAge: whole(1000, 7 * 24 * 3_600_000)
    .default(3_600_000)
    .describe('Time from its first message at which a file is ended')
    .meta({ unit: 'ms' }),
  maskPhones: z
    .boolean({ error: must('be true or false') })
    .default(false)
    .describe('Whether phone numbers are replaced by others of the same length, the same ones within a run'),
});

const shutdown = z
  .strictObject({
    pollGrace: whole(0, 30_000)
      .default(5000)
      .describe('How long polls in flight may end by themselves')
      .meta({ unit: 'ms' }),
    timeout: whole(1000, 600_000)
      .default(25_000)
      .describe('When a shutdown is given up and receiptd exits with 1')
      .meta({ unit: 'ms' }),
  })
  .superRefine(
    ({ pollGrace, timeout }, issues) => {
      if (pollGrace >= timeout)
        issues.addIssue({
          code: 'custom',
          path: ['pollGrace'],
          message: `must be less than shutdown.timeout (${timeout}), got ${pollGrace}`,
        });
    },
    whenSound('pollGrace', 'timeout'),
  );

/** A shared secret that a program can send in a header, and a person can paste. */
function accessToken() {
  return secretText()
    .regex(/^([\x21-\x7e]{16,})?$/, { error: 'must be at least 16 printable characters without spaces' })
    .default('');
}

const ops = z
  .strictObject({
    host: text(/^\S+$/, 'be a host name or an address')
      .default('127.0.0.1')
      .describe('Address of the ops HTTP server; other than loopback needs a token'),
    port: whole(0, 65_535).default(8090).describe('Port of the ops HTTP server; 0 takes a free one'),
    token: accessToken().describe(
      'Bearer token that the ops HTTP server asks for, and what people log in with',
    ),
    viewerToken: accessToken().describe('A second token, for who may look but change nothing'),
    unmask: z
      .boolean({ error: must('be true or false') })
      .default(false)
      .describe('Whether pages show phone numbers in full'),
  })
  .superRefine(
    ({ token, viewerToken }, issues) => {
      if (!viewerToken) return;
      const refuse = (message: string) => issues.addIssue({ code: 'custom', path: ['viewerToken'], message });
      if (!token) refuse('is of no use without ops.token: without it everybody may do everything');
      else if (token === viewerToken) refuse('must differ from ops.token');
    },
    whenSound('token', 'viewerToken'),
  )
  .superRefine(
    ({ host, token }, issues) => {
      if (!token && !isLoopback(host))
        issues.addIssue({
          code: 'custom',
          path: ['token'],
          message: `is required (at least 16 characters) because ops.host ${host} is not loopback`,
        });
    },
    whenSound('host', 'token'),
  );

const log = z.strictObject({
  level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severity that is logged'),
  format: oneOf(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('auto is pretty on a terminal, else json'),
});

/** Everything a configuration may say. */
export const configSchema = z
  .strictObject({
    role: oneOf(['all', 'poll', 'deliver'])
      .default('all')
      .describe(
        'What this process does: fetch messages and deliver their events, or one of them, beside processes that do the other',
      ),
    region: text(/^[a-z]{2,}(-[a-z0-9]+)+$/, 'be a region such as cn-hangzhou')
      .default('cn-hangzhou')
      .describe('Region of Cloud Communications; cn-hangzhou and ap-southeast-1 set the endpoints'),
    endpoints: endpoints.prefault({}).describe('Where the services are'),
    credentials: credentials
      .prefault({})
      .describe(
        'AccessKey; empty uses the default chain of @alicloud/credentials (environment, OIDC/RRSA, ECS role)',
      ),
    queues: z.array(queue, { error: needsQueue }).min(1, { error: needsQueue }).describe('Queues to drain'),
    poll: poll.prefault({}).describe('Receiving from MNS'),
    pipeline: pipeline.prefault({}).describe('The store between receiving and delivering'),
    dedupe: dedupe.prefault({}).describe('Receipts that come again although they were delivered'),
    ack: ack.prefault({}).describe('Deleting from MNS'),
    sinks: z
      .array(sink)
      .min(1, { error: 'must have at least one sink' })
      .prefault([{ type: 'ndjson', path: '-' }])
      .describe('Where events go; each event goes to every sink that takes its type'),
    capture: capture.prefault({}).describe('Keeping raw messages'),
    shutdown: shutdown.prefault({}).describe('Stopping'),
    ops: ops.prefault({}).describe('Health, metrics, status and pages over HTTP'),
    log: log.prefault({}).describe('Logging, to standard error'),
    tracing: tracing.prefault({}).describe('OpenTelemetry traces from poll to acknowledgement'),
  })
  .superRefine(
    ({ region, endpoints: given }, issues) => {
      if (regionEndpoints[region]) return;
      for (const key of ['dybaseapi', 'mns'] as const)
        if (!given[key])
          issues.addIssue({
            code: 'custom',
            path: ['endpoints', key],
            message: `is required for region ${region}`,
          });
    },
    whenSound('region', 'endpoints'),
  )
  .superRefine(({ queues }, issues) => {
    for (const [index, first] of repeated(queues, (queue) => queue.queueName))
      issues.addIssue({
        code: 'custom',
        path: ['queues', index, 'queueName'],
        message: `must be unique, queues[${first}] has the same`,
      });
  }, whenSound('queues'))
  .superRefine(({ sinks }, issues) => {
    for (const [index, first] of repeated(sinks, sinkName))
      issues.addIssue({
        code: 'custom',
        path: ['sinks', index, 'name'],
        message: `must be unique, sinks[${first}] has the same: give each a name of its own`,
      });
  }, whenSound('sinks'))
  .superRefine(
    ({ role, pipeline }, issues) => {
      if (role !== 'all' && pipeline.backend === 'embedded')
        issues.addIssue({
          code: 'custom',
          path: ['role'],
          message: `${role} needs a store that other processes share: set pipeline.backend to redis or postgres, or leave role at all`,
        });
    },
    whenSound('role', 'pipeline'),
  )
  // With less, a slice's part of the places is too small for a batch worth a request.
  .superRefine(
    ({ poll, pipeline }, issues) => {
      const least = PLACES_PER_THREAD * poll.threads;
      if (pipeline.maxInFlight < least)
        issues.addIssue({
          code: 'custom',
          path: ['pipeline', 'maxInFlight'],
          message: `must be at least ${PLACES_PER_THREAD} for each of poll.threads (${least}), got ${pipeline.maxInFlight}`,
        });
    },
    whenSound('poll', 'pipeline'),
  )
  // An event that no sink wants counts as delivered: its message would be deleted without having gone anywhere.
  .superRefine(
    ({ queues, sinks }, issues) => {
      for (const [index, { messageType }] of queues.entries())
        if (!sinks.some((sink) => sink.types?.includes(messageType) ?? true))
          issues.addIssue({
            code: 'custom',
            path: ['queues', index, 'messageType'],
            message: `is ${messageType}, which no sink takes: add it to the types of a sink`,
          });
    },
    whenSound('queues', 'sinks'),
  )
  .transform(({ region, endpoints: { apiVersion, ...given }, ...config }) => {
    // The rule above has made sure that a region without an entry names both.
    const { dybaseapi = '', mns = '' } = regionEndpoints[region] ?? {};
    const endpoints = { dybaseapi: given.dybaseapi ?? dybaseapi, mns: given.mns ?? mns, apiVersion };
    return { region, endpoints, ...config };
  });

const PLACES_PER_THREAD = 16;

function needsQueue({ input }: { input?: unknown }): string {
  return input === undefined || Array.isArray(input)
    ? 'must have at least one queue, such as { messageType: SmsReport, queueName: Alicom-Queue-123-SmsReport }'
    : must('be a list of queues')({ input });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

export type Config = z.output<typeof configSchema>;
/** What a caller may write: every key with a default may be left out. */
export type ConfigInput = z.input<typeof configSchema>;
export type Role = Config['role'];
export type QueueConfig = Config['queues'][number];
export type SinkConfig = Config['sinks'][number];
