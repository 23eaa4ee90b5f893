/** An event as the pipeline carries it, for scripts that run in a process of their own. */
export const record = (id, data = {}) => ({
  specversion: '1.0',
  id,
  source: 'mns://mns.test/queues/q',
  type: 'com.aliyun.alicom.SmsReport',
  time: '2026-01-01T00:00:00.000Z',
  datacontenttype: 'application/json',
  messagetype: 'SmsReport',
  queuename: 'q',
  dequeuecount: 1,
  enqueuedat: '2026-01-01T00:00:00.000Z',
  json: JSON.stringify(data),
});
