/** Where Cloud Communications lives in each region it publishes endpoints for; any other region must name its own. */
export const regionEndpoints: Readonly<Record<string, { dybaseapi: string; mns: string } | undefined>> = {
  'cn-hangzhou': {
    dybaseapi: 'https://dybaseapi.aliyuncs.com',
    mns: 'https://1943695596114318.mns.cn-hangzhou.aliyuncs.com',
  },
  'ap-southeast-1': {
    dybaseapi: 'https://dybaseapi.ap-southeast-1.aliyuncs.com',
    mns: 'https://1493622401794734.mns.ap-southeast-1.aliyuncs.com',
  },
};
