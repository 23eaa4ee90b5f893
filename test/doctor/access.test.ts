/** What a token may do, found out without receiving or deleting anything. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/index.js';
import { accessChecks } from '../../src/doctor/access.js';
import { runChecks } from '../../src/doctor/run-checks.js';
import { ok } from '../../src/finding.js';
import { StubServer } from '../mns/stub-server.js';
import { QUEUE, startCloud } from '../support/site.js';

const DENIED = '<Error><Code>AccessDenied</Code><Message>The OwnerId is forbidden.</Message></Error>';
const NO_MESSAGE =
  '<Errors><Error><ErrorCode>MessageNotExist</ErrorCode><ErrorMessage>no</ErrorMessage>' +
  '<ReceiptHandle>receiptd-doctor</ReceiptHandle></Error></Errors>';

async function look(cloud: Awaited<ReturnType<typeof startCloud>>, mns: string) {
  const config = parseConfig({
    endpoints: { dybaseapi: cloud.url, mns },
    credentials: { accessKeyId: cloud.accessKeyId, accessKeySecret: cloud.accessKeySecret },
    queues: [{ messageType: 'SmsReport', queueName: QUEUE }],
  });
  const reached = ['dybaseapi', 'mns'].map((name) => ({ name, run: async () => ok('') }));
  const results = await runChecks([...reached, ...accessChecks(config)]);
  return results.at(-1);
}

it('tells how many messages wait and for how long, and leaves them as they are', async () => {
  await using cloud = await startCloud(0);
  expect(await look(cloud, cloud.url)).toMatchObject({
    status: 'ok',
    found: 'can be read, no message waits',
  });
  cloud.generate(QUEUE, 3);
  expect(await look(cloud, cloud.url)).toMatchObject({
    status: 'ok',
    found: expect.stringMatching(/^can be read, 3 message\(s\) wait, one of them for \d+ s$/),
  });
  expect(cloud.queue(QUEUE)).toMatchObject({ received: 0, deleted: 0 });
});

describe('a token that may not peek', () => {
  let mns: StubServer;

  beforeEach(async () => {
    mns = await new StubServer().listen();
  });

  afterEach(() => mns.close());

  it('may be one that may use the queue otherwise', async () => {
    await using cloud = await startCloud(0);
    mns.reply = ({ method }, response) => {
      response.writeHead(method === 'GET' ? 403 : 404, { 'content-type': 'text/xml' });
      response.end(method === 'GET' ? DENIED : NO_MESSAGE);
    };
    expect(await look(cloud, mns.url)).toMatchObject({
      status: 'warn',
      found: expect.stringMatching(/may delete messages and not peek at them/),
    });
    // Of what MNS was asked, nothing takes a message.
    expect(mns.requests.map(({ method, path }) => `${method} ${path.split('/messages')[1]}`)).toEqual([
      'GET ?peekonly=true&numOfMessages=16',
      'DELETE ',
    ]);
    expect(mns.requests[1]?.body).toContain('<ReceiptHandle>receiptd-doctor</ReceiptHandle>');
  });

  it('or one of another queue', async () => {
    await using cloud = await startCloud(0);
    mns.answer(403, DENIED);
    expect(await look(cloud, mns.url)).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/AccessDenied.*messageType and queueName must belong together/),
    });
  });
});
