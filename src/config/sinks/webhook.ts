import { Webhook } from 'standardwebhooks';
import * as z from 'zod';
import { oneOf, secretText, whenSound, whole } from '../rules.js';
import { tlsFiles } from '../tls.js';
import { batch, everySink } from './common.js';

/** `type: webhook`, with all that can be said about its values without a request or a file. */

const tls = tlsFiles('receiver');

const secret = secretText()
  .refine(isSigningSecret, {
    error: 'must be the base64 of a key, with or without whsec_ in front, and without spaces',
  })
  .meta({ writeOnly: true });

/** The library decides, as it signs; but it overlooks a stray character at the end, which a receiver may not. */
function isSigningSecret(value: string): boolean {
  if (!/^(whsec_)?[A-Za-z0-9+/]{2,}={0,2}$/.test(value)) return false;
  try {
    return new Webhook(value) instanceof Webhook;
  } catch {
    return false;
  }
}

/** Headers that say how the request is sent or what is in it. */
const OWN_HEADER =
  /^(connection|content-(length|type|encoding)|expect|keep-alive|te|trailer|transfer-encoding|upgrade|ce-.*|webhook-(id|timestamp|signature))$/i;

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);

const headerValue = secretText()
  .regex(/^([\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)?$/, {
    error: 'must be printable ASCII in one line, without spaces around it',
  })
  .max(8192, { error: 'must be at most 8192 characters' })
  .meta({ writeOnly: true });

const headers = z.record(headerName, headerValue, { error: wrongHeaders }).superRefine((given, issues) => {
  const names = Object.keys(given);
  for (const [index, name] of names.entries()) {
    const refuse = (message: string) => issues.addIssue({ code: 'custom', path: [name], message });
    const same = names.findIndex((other) => other.toLowerCase() === name.toLowerCase());
    if (OWN_HEADER.test(name)) refuse('is a header that receiptd sets by itself');
    else if (same < index) refuse(`must be there once, ${names[same]} is the same header`);
  }
});

function wrongHeaders({ code }: { code?: string | undefined }): string {
  return code === 'invalid_key' ? 'is no name of a header' : 'must be a mapping of headers to their values';
}

export const webhook = z
  .strictObject({
    type: z.literal('webhook'),
    url: z
      .string({ error: 'must be an http:// or https:// URL' })
      .refine((url) => /^https?:\/\//i.test(url) && URL.canParse(url), {
        error: 'must be an http:// or https:// URL',
      })
      .describe('Where events are posted; a user and password in it become an Authorization header'),
    format: oneOf(['structured', 'batch', 'binary', 'alicom'])
      .default('structured')
      .describe(
        "CloudEvents, one (structured, or binary) or several (batch) a request; alicom posts as the vendor's HTTP batch push does",
      ),
    secrets: z
      .array(secret)
      .max(2, {
        error: 'must be at most two: the new one first, the old one until receivers know the new one',
      })
      .default([])
      .describe(
        'Standard Webhooks secrets (whsec_…) that requests are signed with; two while they are rotated',
      ),
    headers: headers.default({}).describe('Further headers of each request, such as Authorization'),
    timeout: whole(100, 600_000)
      .default(10_000)
      .describe('How long an answer may take, to its end')
      .meta({ unit: 'ms' }),
    concurrency: whole(1, 1024).default(16).describe('Requests at a time, and connections, in each thread'),
    rate: whole(0, 100_000)
      .default(0)
      .describe('Requests a second, in each thread; 0 is as many as go')
      .meta({ unit: '/s' }),
    batch: batch(16, 50, 1000).describe('With format batch or alicom'),
    tls: tls.prefault({}).describe('With an https:// URL'),
    ...everySink,
  })
  .superRefine(
    ({ url, tls, headers }, issues) => {
      const { protocol, username, password } = new URL(url);
      for (const name of ['ca', 'cert'] as const)
        if (protocol === 'http:' && tls[name] !== undefined)
          issues.addIssue({ code: 'custom', path: ['tls', name], message: 'needs an https:// url' });
      const authorization = Object.keys(headers).find((name) => name.toLowerCase() === 'authorization');
      if (`${username}${password}` !== '' && authorization !== undefined)
        issues.addIssue({
          code: 'custom',
          path: ['headers', authorization],
          message: 'is made of the user and password in url: leave out one of them',
        });
    },
    whenSound('url', 'tls', 'headers'),
  )
  .describe('HTTP POST');
