/** All that pages say, in each language: what is missing in one does not compile. */
const en = {
  html: 'en',
  name: 'English',
  skip: 'Skip to content',
  title: 'Overview',
  subtitle: 'receipts of Alibaba Cloud Communications',
  process: (pid: number) => `process ${pid}`,
  upFor: (time: string) => `up ${time}`,
  slices: (count: number, mode: 'threads' | 'inline') =>
    mode === 'inline' ? 'inline' : `${count} ${count === 1 ? 'thread' : 'threads'}`,
  browser: 'Queue browser',
  logout: 'Log out',
  readOnly: 'read only',
  reload: 'Reload',
  liveOn: 'Live',
  liveWaiting: 'Connecting…',
  liveOff: 'Not live, reload the page',
  language: 'Language',

  healthTitle: 'Health',
  ready: 'Ready',
  readyWhy: 'All queues are polled, and what comes is delivered.',
  notReady: (reasons: number) => `Not ready: ${reasons} ${reasons === 1 ? 'reason' : 'reasons'}`,
  healthReasons: 'Why it is not ready',

  figuresTitle: 'Figures',
  received: 'Received',
  delivered: 'Delivered',
  inFlight: 'In flight',
  waiting: 'Waiting',
  lagLongest: 'Longest lag',
  deadLetters: 'Dead letters',
  perSecond: '/s',
  perSecondSpoken: 'per second',

  queuesTitle: 'Queues',
  queue: 'Queue',
  lag: 'Lag',
  rateIn: 'In',
  rateOut: 'Out',
  oldest: 'Oldest undelivered',
  token: 'Next token',
  tokenNone: 'no token yet',
  tokenIn: (time: string) => `in ${time}`,
  tokenNow: 'due',
  tokenEnds: (time: string) => `ends in ${time}`,
  tokenEnded: 'expired',
  lastError: 'Last error',
  none: 'none',
  unknown: 'not known',
  noQueues: 'The queues are being opened.',

  trafficTitle: 'Last hour',
  throughput: 'Throughput',
  latency: 'Latency',
  throughputText: (last: string, most: string) =>
    `Delivered over the last hour: ${last} a second now, at most ${most} a second.`,
  latencyText: (p50: string, p95: string, most: string) =>
    `From received to delivered over the last hour: half within ${p50} now, 95 % within ${p95}; 95 % within ${most} at worst.`,
  noHistory: 'Nothing to draw yet: the first minute is being counted.',
  noLatency: 'Nothing was delivered within the last hour.',
  half: 'half within',
  most: '95 % within',
  hourAgo: '1 h ago',
  now: 'now',

  sinksTitle: 'Sinks',
  sink: 'Sink',
  type: 'Type',
  state: 'State',
  sinkUp: 'Up',
  sinkDown: 'Down',
  since: (time: string) => `for ${time}`,
  failed: 'Failed',
  handler: 'handlers',
  problem: 'Problem',
  noSinks: 'The sinks are being opened.',

  findTitle: 'Find',
  findLabel: 'biz_id, call_id, out_id, message id or phone number',
  find: 'Find',
  clear: 'Show all',
  resultsFor: (query: string) => `Found for “${query}”`,

  lettersTitle: 'Dead letters',
  lettersShown: (shown: string, total: string) => `newest ${shown} of ${total}`,
  noLetters: 'None: everything was delivered.',
  noLettersFound: 'No dead letter matches.',
  message: 'Message',
  reason: 'Reason',
  attempts: 'Tries',
  died: 'Given up',
  actions: 'Actions',
  retry: 'Retry',
  retryThis: (id: string) => `Retry ${id}`,
  drop: 'Drop',
  dropThis: (id: string) => `Drop ${id}`,
  storeClosed: 'The store is not open yet.',
  storeFails: (why: string) => `The store does not answer: ${why}`,
  storeSlow: 'it takes too long',

  recentTitle: 'Recent events',
  noRecent: 'None yet.',
  noRecentFound: 'No recent event matches.',
  when: 'When',
  outcome: 'Outcome',
  keys: 'Business keys',
  phone: 'Phone',
  outcomes: { delivered: 'Delivered', filtered: 'Filtered', duplicate: 'Duplicate', dead: 'Dead letter' },

  ago: (time: string) => `${time} ago`,
  seconds: (count: string) => `${count} s`,
  minutes: (count: string) => `${count} min`,
  hours: (count: string) => `${count} h`,
  hoursAndMinutes: (hours: string, minutes: string) => `${hours} h ${minutes} min`,
  days: (count: string) => `${count} d`,
  milliseconds: (count: string) => `${count} ms`,

  notices: {
    retried: 'Put back into the pipeline.',
    dropped: 'Dropped.',
    gone: 'It was no dead letter any more: nothing was done.',
  },

  dropTitle: 'Drop a dead letter?',
  dropWarning:
    'It is removed for good: its receipt is in no sink and no longer in MNS. Export it first if it may be wanted again.',
  dropConfirm: 'Drop for good',
  cancel: 'Cancel',
  noSuchLetter: 'There is no such dead letter (any more).',
  back: 'Back to the overview',

  loginTitle: 'Log in',
  loginHelp: 'With the value of ops.token, or of ops.viewerToken to look only.',
  loginToken: 'Token',
  login: 'Log in',
  loginWrong: 'That is no token of this daemon.',
  loginTooMany: (time: string) => `Too many wrong tokens: try again in ${time}.`,
  loginPlain:
    'This page came over plain HTTP, where browsers keep no secure cookie, so logging in has no effect. Open it by https, or through a tunnel to localhost.',

  boardClosed: 'The queue browser cannot be shown: the store is not open yet. Reload in a moment.',
  boardUnfit: 'The queue browser cannot be shown: it does not know this store.',
  errorTitle: (code: number) => `Error ${code}`,
};

export type Texts = typeof en;

const zh: Texts = {
  html: 'zh-Hans',
  name: '中文',
  skip: '跳到正文',
  title: '概览',
  subtitle: '阿里云通信回执',
  process: (pid) => `进程 ${pid}`,
  upFor: (time) => `已运行 ${time}`,
  slices: (count, mode) => (mode === 'inline' ? '单线程' : `${count} 个线程`),
  browser: '队列浏览器',
  logout: '退出登录',
  readOnly: '只读',
  reload: '刷新',
  liveOn: '实时',
  liveWaiting: '正在连接…',
  liveOff: '已断开，请刷新页面',
  language: '语言',

  healthTitle: '健康状态',
  ready: '就绪',
  readyWhy: '所有队列正常拉取，收到的回执均已投递。',
  notReady: (reasons) => `未就绪：${reasons} 个原因`,
  healthReasons: '未就绪的原因',

  figuresTitle: '关键数字',
  received: '接收',
  delivered: '投递',
  inFlight: '处理中',
  waiting: '等待投递',
  lagLongest: '最大延迟',
  deadLetters: '死信',
  perSecond: '/秒',
  perSecondSpoken: '每秒',

  queuesTitle: '队列',
  queue: '队列',
  lag: '延迟',
  rateIn: '接收',
  rateOut: '投递',
  oldest: '最早未投递',
  token: '下次令牌',
  tokenNone: '尚无令牌',
  tokenIn: (time) => `${time}后`,
  tokenNow: '即将获取',
  tokenEnds: (time) => `${time}后失效`,
  tokenEnded: '已失效',
  lastError: '最近错误',
  none: '无',
  unknown: '未知',
  noQueues: '正在打开队列。',

  trafficTitle: '最近一小时',
  throughput: '吞吐量',
  latency: '时延',
  throughputText: (last, most) => `最近一小时的投递：当前每秒 ${last}，最高每秒 ${most}。`,
  latencyText: (p50, p95, most) =>
    `最近一小时从接收到投递：当前一半在 ${p50}内，95% 在 ${p95}内；最差时 95% 在 ${most}内。`,
  noHistory: '暂无曲线：正在统计第一分钟。',
  noLatency: '最近一小时没有投递。',
  half: '一半不超过',
  most: '95% 不超过',
  hourAgo: '1 小时前',
  now: '现在',

  sinksTitle: '投递目标',
  sink: '目标',
  type: '类型',
  state: '状态',
  sinkUp: '正常',
  sinkDown: '故障',
  since: (time) => `持续 ${time}`,
  failed: '失败',
  handler: '处理函数',
  problem: '问题',
  noSinks: '正在打开投递目标。',

  findTitle: '查找',
  findLabel: 'biz_id、call_id、out_id、消息 ID 或手机号',
  find: '查找',
  clear: '显示全部',
  resultsFor: (query) => `“${query}”的查找结果`,

  lettersTitle: '死信',
  lettersShown: (shown, total) => `最新 ${shown} 条，共 ${total} 条`,
  noLetters: '没有死信：全部投递成功。',
  noLettersFound: '没有匹配的死信。',
  message: '消息',
  reason: '原因',
  attempts: '尝试',
  died: '放弃时间',
  actions: '操作',
  retry: '重试',
  retryThis: (id) => `重试 ${id}`,
  drop: '丢弃',
  dropThis: (id) => `丢弃 ${id}`,
  storeClosed: '存储尚未打开。',
  storeFails: (why) => `存储没有应答：${why}`,
  storeSlow: '耗时过长',

  recentTitle: '最近事件',
  noRecent: '暂无事件。',
  noRecentFound: '没有匹配的最近事件。',
  when: '时间',
  outcome: '结果',
  keys: '业务标识',
  phone: '手机号',
  outcomes: { delivered: '已投递', filtered: '已过滤', duplicate: '重复', dead: '死信' },

  ago: (time) => `${time}前`,
  seconds: (count) => `${count} 秒`,
  minutes: (count) => `${count} 分钟`,
  hours: (count) => `${count} 小时`,
  hoursAndMinutes: (hours, minutes) => `${hours} 小时 ${minutes} 分`,
  days: (count) => `${count} 天`,
  milliseconds: (count) => `${count} 毫秒`,

  notices: {
    retried: '已放回处理流程。',
    dropped: '已丢弃。',
    gone: '它已不是死信：未做任何操作。',
  },

  dropTitle: '丢弃这条死信？',
  dropWarning: '丢弃后无法恢复：它的回执不在任何投递目标中，也已不在 MNS 中。如可能还需要，请先导出。',
  dropConfirm: '永久丢弃',
  cancel: '取消',
  noSuchLetter: '没有这条死信（或已不存在）。',
  back: '返回概览',

  loginTitle: '登录',
  loginHelp: '使用 ops.token 的值；只查看可使用 ops.viewerToken 的值。',
  loginToken: '令牌',
  login: '登录',
  loginWrong: '这不是本服务的令牌。',
  loginTooMany: (time) => `令牌错误次数过多：请在 ${time}后重试。`,
  loginPlain:
    '此页面经由未加密的 HTTP 打开，浏览器不会保存安全 Cookie，登录不会生效。请改用 https，或通过隧道访问 localhost。',

  boardClosed: '无法显示队列浏览器：存储尚未打开，请稍后刷新。',
  boardUnfit: '无法显示队列浏览器：它不支持这种存储。',
  errorTitle: (code) => `错误 ${code}`,
};

export const TEXTS = { en, zh };

export type Language = keyof typeof TEXTS;

export function isLanguage(name: string | undefined): name is Language {
  return name === 'en' || name === 'zh';
}

/** The first of the languages a browser asks for that there is, by its weights; English where there is none. */
export function preferredLanguage(acceptLanguage: string | undefined): Language {
  const asked = (acceptLanguage ?? '').split(',', 20).map((part) => {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const weight = parameters.map((text) => /^\s*q=([\d.]+)$/.exec(text)?.[1]).find(Boolean);
    return { language: tag.split('-')[0], weight: Number(weight ?? 1) };
  });
  const known = asked.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  return known.map(({ language }) => language).find(isLanguage) ?? 'en';
}
