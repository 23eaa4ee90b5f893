/** `messaging.system` of our spans: the queues are MNS', which OpenTelemetry has no name for. */
export const SYSTEM = 'aliyun_mns';
