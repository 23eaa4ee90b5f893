/** What people sent: SMS and ChatApp messages. */
import { type Normalizer, withId } from './common.js';
import { compact, type Fields } from './fields.js';
import type { NormalizedInbound } from './types.js';

/** SmsUp. */
export const smsUp: Normalizer = (fields, common) =>
  compact<NormalizedInbound>({
    ...withId(common, fields.text('sequence_id')),
    kind: 'inbound',
    channel: 'sms',
    from: fields.text('phone_number'),
    to: fields.text('dest_code'),
    contentType: 'text',
    text: fields.verbatim('content'),
    sentAt: fields.time('send_time'),
  });

/** ChatAppInbound. `Message` is the text itself for TEXT, otherwise a JSON text. */
export const chatInbound: Normalizer = (fields, common) => {
  const contentType = fields.text('Type')?.toLowerCase();
  const message = fields.insideText('Message');
  return compact<NormalizedInbound>({
    ...withId(common, fields.text('MessageId')),
    kind: 'inbound',
    channel: 'chatapp',
    from: fields.text('From'),
    fromName: fields.text('DisplayName', 'Name'),
    to: fields.text('To'),
    contentType,
    text: chatText(contentType, fields, message),
    mediaUrl: contentType === 'text' ? undefined : message.text('url'),
    sentAt: fields.time('Timestamp'),
  });
};

function chatText(contentType: string | undefined, fields: Fields, message: Fields): string | undefined {
  if (contentType === 'text') return fields.verbatim('Message');
  if (contentType === 'reply') return message.verbatim('text');
  return contentType === 'image' ? message.verbatim('caption') : undefined;
}
