/** Whether a message is the one that a person looks for by an id or a phone number. */
import { parseReceipt } from '../../receipts/index.js';
import type { ReceiptJob } from '../job.js';

/** Its id or that of an event, or a value of a receipt, exactly; part of the body where it could not be decoded. */
export function mentions({ message, content }: ReceiptJob, text: string): boolean {
  if (message.messageId === text) return true;
  if ('undecodable' in content) return bodyOf(content.undecodable).includes(text);
  return content.events.some(({ id, json }) => id === text || (couldHave(json, text) && holds(json, text)));
}

/** Most receipts are out of the question without being parsed; one that escapes what it need not is not. */
function couldHave(json: string, text: string): boolean {
  return json.includes(text) || json.includes('\\');
}

function holds(json: string, text: string): boolean {
  const wanted = (value: unknown): boolean =>
    typeof value === 'object' && value !== null
      ? Object.values(value).some(wanted)
      : (typeof value === 'string' || typeof value === 'number') && String(value) === text;
  return wanted(parseReceipt(json));
}

/** Base64 or not, it is the text that a person knows. */
function bodyOf(body: string): string {
  return `${body}\n${Buffer.from(body, 'base64').toString()}`;
}
