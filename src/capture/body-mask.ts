/**
 * A message body with other phone numbers in it (see PhoneNumbers), else the same byte for byte: an undecodable body stays
 * undecodable in the same way, JSON stays JSON. Any text may come in, cut off, malformed or hostile; nothing throws.
 *
 * In JSON the field decides. A field for phone numbers by its name has every number replaced, also foreign ones, in all
 * that is nested in it; an id that the services give out stays whatever it looks like, so that joins with other systems
 * work; in all else, the sender's own ids included, mainland numbers are replaced. SMS contents and other things that
 * people write, and bodies that are not JSON, are searched more closely: there a number may have letters at its sides.
 *
 * Limits: JSON within a string is text, without fields (its ids may change, foreign numbers in it stay); names of fields
 * that are escaped (`\u0063allee`) are not known; only ASCII and full-width digits are digits.
 */
import { changeDigits, changeDigitsOfString } from './digit-forms.js';
import { PhoneNumbers } from './phone-numbers.js';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** Latin-1, so the byte order mark of UTF-8 is three characters. */
const JSON_START = /^(?:\ufeff|\u00ef\u00bb\u00bf)?\s*[[{]/;
/** Every character is in one token, whatever the text. */
const TOKEN = /"([^"\\]*(?:\\.[^"\\]*)*)"?|-?\d[\d.eE+-]*|[{}[\]]|[^"{}[\]\d-]+|-/gs;
const COLON = /\s*:/y;
/** By names in lower case without separators: `phone_number`, `secretNo`, `callee_show_num`, `To` … */
const PHONE_FIELD = new RegExp(
  [
    '^(?:to|from|number|recipient)$',
    '^tel(?:ephone)?(?:no|num|number)?s?$',
    '(?:phone|mobile)(?:no|num|number)?s?$',
    '(?:caller|callee|called|calling)(?:no|num|number|shownum|shownumber|showno|displayno)?$',
    '(?:secret|peer|origin|send|receive|display|show)(?:no|num|number)$',
  ].join('|'),
);
/** What the services give out, by the same kind of names. What the sender or a user chose may be a phone number. */
const SERVICE_IDS = new Set(
  [
    'id requestid messageid bizid sequenceid taskid batchid detailid orderid orderno ordercode outerordercode mailno',
    'callid uuid roomid channelid dialogid dynamicid robotid conversationid wabaid custspaceid partnerid',
    'subid subsid poolkey partnerkey bizkey',
  ].flatMap((line) => line.split(' ')),
);
/** What people write or say. */
const WRITING = new Set([
  'content',
  'smscontent',
  'words',
  'message',
  'text',
  'caption',
  'lastlogisticdetail',
]);
/** A string of JSON in which there is JSON. */
const JSON_WITHIN = /^"\s*(?:[[{](?:\s|\\+[nrt])*)+\\+"/;

interface Place {
  /** The latest key. */
  key: string;
  /** Within the value of a field for phone numbers. */
  covered: boolean;
}

export class BodyMask {
  readonly #phones: PhoneNumbers;

  /** @param key what the pseudonyms depend on: the same key, the same pseudonyms */
  constructor(key: string) {
    this.#phones = new PhoneNumbers(key);
  }

  /** @param body MessageBody: base64 of a text, or the text itself */
  mask(body: string): string {
    const packed = body.replace(/\s+/g, '');
    if (!BASE64.test(packed) || /^\d+$/.test(packed)) return this.#maskText(body);
    // Latin-1 maps every byte to one character, and all of ours to themselves.
    const text = Buffer.from(packed, 'base64').toString('latin1');
    const masked = this.#maskText(text);
    // Words without punctuation look like base64, too.
    if (masked === text) return /\S[ \t]+\S/.test(body) ? this.#maskText(body) : body;
    const encoded = Buffer.from(masked, 'latin1').toString('base64');
    if (body.length === encoded.length) return encoded;
    // Broken into lines, or without its padding.
    let at = 0;
    return body.replace(/[A-Za-z0-9+/]/g, () => encoded.charAt(at++));
  }

  #maskText(text: string): string {
    if (JSON_START.test(text)) return this.#maskJson(text);
    return changeDigits(text, (plain) => this.#phones.inWriting(plain));
  }

  #maskJson(text: string): string {
    const outer: Place[] = [];
    let place: Place = { key: '', covered: false };
    return text.replace(TOKEN, (token: string, content: string | undefined, offset: number) => {
      if (content !== undefined) {
        COLON.lastIndex = offset + token.length;
        if (!COLON.test(text)) return this.#maskString(token, place);
        const masked = this.#maskString(token, { ...place, key: '' });
        place.key = content.toLowerCase().replace(/[\s_-]/g, '');
        return masked;
      }
      switch (token) {
        case '{':
          outer.push(place);
          place = { key: '', covered: isPhone(place) };
          return token;
        case '[':
          outer.push(place);
          place = { ...place };
          return token;
        case '}':
        case ']':
          place = outer.pop() ?? { key: '', covered: false };
          return token;
        default:
          return /^-?\d/.test(token) ? this.#maskNumber(token, place) : token;
      }
    });
  }

  #maskString(token: string, place: Place): string {
    if (SERVICE_IDS.has(place.key)) return token;
    const isWriting = WRITING.has(place.key) && !JSON_WITHIN.test(token);
    const mask = isPhone(place) ? 'inField' : isWriting ? 'inWriting' : 'inText';
    return changeDigitsOfString(token, (plain) => this.#phones[mask](plain));
  }

  #maskNumber(token: string, place: Place): string {
    return SERVICE_IDS.has(place.key) ? token : this.#phones.inNumber(token, isPhone(place));
  }
}

function isPhone({ key, covered }: Place): boolean {
  return covered || PHONE_FIELD.test(key);
}
