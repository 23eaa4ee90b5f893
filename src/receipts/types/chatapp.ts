/** Chat apps (Chat App 消息服务), e.g. WhatsApp: messages in, messages out, template reviews. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { epochMs, text } from './fields.js';
import { help, intlHelp } from './sources.js';

/**
 * A message that a person sent to a business.
 *
 * @see https://www.alibabacloud.com/help/zh/chatapp/developer-reference/chatappinbound
 * @see https://www.alibabacloud.com/help/zh/chatapp/developer-reference/chatappinbound-1
 */
export type ChatAppInbound = Known<z.infer<typeof chatAppInbound>>;
export const chatAppInbound = z.looseObject({
  /** The message. */
  MessageId: z.string(),
  /** Who wrote, with country code. */
  From: z.string(),
  /** The business's number. */
  To: text,
  /** The writer's name in the app. */
  DisplayName: text,
  /** The writer's name. */
  Name: text,
  /** The channel; newer pages. */
  CustSpaceId: text,
  /** The WhatsApp business account; newer pages. */
  WabaId: text,
  /** `inbound`; in samples. */
  NoticeType: text,
  /** It was sent; ms since the epoch. */
  Timestamp: epochMs,
  /** The same; HTTP samples print the key with a blank at its end. */
  'Timestamp ': epochMs,
  /** `TEXT`, `LOCATION`, `DOCUMENT`, `VIDEO`, `AUDIO`, `REPLY`, `IMAGE`, `CONTACTS` or `SYSTEM`. */
  Type: text,
  /**
   * The text itself of a `TEXT`, else a JSON text: `LOCATION` {address, latitude, longitude, name}, `VIDEO` and `AUDIO`
   * {name, id, mimeType, url}, `IMAGE` {caption, id, mimeType, url}, `DOCUMENT` {name, id, filename, mimeType, url}, `REPLY`
   * {text, payload}. A URL works for 7 days.
   */
  Message: text,
});

/**
 * What became of a message that a business sent.
 *
 * @see https://help.aliyun.com/zh/chatapp/developer-reference/chatappstatus
 */
export type ChatAppStatus = Known<z.infer<typeof chatAppStatus>>;
export const chatAppStatus = z.looseObject({
  /** The message, as the send call answered. */
  MessageId: z.string(),
  /** The business's number. */
  From: text,
  /** Recipient, with country code. */
  To: text,
  /** The status began; ms since the epoch. */
  Timestamp: epochMs,
  /** `Sent`, `Delivered`, `Read`, `Failed` or `Deleted` (which is not sent yet). */
  Status: z.string(),
  /** The status in words. */
  StatusDescription: text,
  /** `message` or `template`. */
  MsgFrameType: text,
  /** The provider's code when it failed. Optional. */
  ErrorCode: text,
  /** `ErrorCode` in words. Optional. */
  ErrorDescription: text,
  /** What the conversation is billed as: `service`, `utility`, `marketing` or `authentication`. Optional. */
  ConversationType: text,
  /** The conversation. Optional. */
  ConversationId: text,
  /** The conversation ends; ms since the epoch. Spelled like this; deprecated. Optional. */
  ConversionExpirationTime: epochMs,
  /** `image`, `video`, `document`, `audio` or `none`. Optional. */
  Type: text,
  /** The TaskId given when sending, else the MessageId. Optional. */
  TaskId: text,
  /** The number it was first meant for. Optional. */
  OriginPhoneNumber: text,
  /** The template, when `MsgFrameType` is `template`. Optional. */
  TemplateCode: text,
});

/**
 * The review of a chat app template. Version 2, for ISVs, has further fields that depend on `Type`.
 *
 * @see https://www.alibabacloud.com/help/en/chatapp/developer-reference/chatappaudit
 */
export type ChatAppAudit = Known<z.infer<typeof chatAppAudit>>;
export const chatAppAudit = z.looseObject({
  /** The WhatsApp business account. */
  WabaId: z.string(),
  /** The template. */
  TemplateCode: text,
  /** Its language, e.g. `en`. */
  Language: text,
  /** `pass`, `fail`, `auditing` or `unaudit`. */
  AuditStatus: text,
  /** Why it failed. Optional. */
  Reason: text,
  /** Kind of notice, e.g. `template`; version 2. Optional. */
  Type: text,
});

export const chatAppInboundType = {
  family: 'chatapp',
  title: { zh: 'ChatApp 上行消息', en: 'ChatApp message received' },
  shapes: [
    {
      schema: chatAppInbound,
      source: intlHelp(
        'zh/chatapp/developer-reference/chatappinbound',
        'zh/chatapp/developer-reference/chatappinbound-1',
      ),
      time: ['Timestamp', 'Timestamp '],
      subject: ['MessageId'],
      identity: ['MessageId'],
    },
  ],
} satisfies ReceiptType;

export const chatAppStatusType = {
  family: 'chatapp',
  title: { zh: 'ChatApp 状态报告', en: 'ChatApp message status' },
  shapes: [
    {
      schema: chatAppStatus,
      source: help('zh/chatapp/developer-reference/chatappstatus'),
      time: ['Timestamp'],
      subject: ['MessageId'],
      identity: ['MessageId', 'Status'],
    },
  ],
} satisfies ReceiptType;

export const chatAppAuditType = {
  family: 'chatapp',
  title: { zh: 'ChatApp 模板审核', en: 'ChatApp template review' },
  shapes: [
    {
      schema: chatAppAudit,
      source: intlHelp('en/chatapp/developer-reference/chatappaudit'),
      time: [],
      subject: ['TemplateCode', 'WabaId'],
      // Nothing tells a verdict that is given again, after another one, from the first time.
      identity: ['WabaId', 'TemplateCode', 'Language', 'AuditStatus', 'Reason', 'Type'],
    },
  ],
} satisfies ReceiptType;
