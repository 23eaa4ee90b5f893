/** The files of a TLS connection, in every place that has one. */
import * as z from 'zod';
import { must, whenSound } from './rules.js';

export interface TlsKeys {
  ca?: string;
  cert?: string;
  key?: string;
  verify: boolean;
}

const file = z.string({ error: must('be text') });

/** @param peer whom receiptd connects to, in one word */
export function tlsFiles(peer: string) {
  return (
    z
      .strictObject({
        ca: file.optional().describe('PEM file with the authorities to trust instead of the usual ones'),
        cert: file.optional().describe("PEM file with receiptd's own certificate, for mutual TLS"),
        key: file.optional().describe('PEM file with the key of tls.cert'),
        verify: z
          .boolean({ error: must('be true or false') })
          .default(true)
          .describe(`Whether the ${peer}'s certificate is checked`),
      })
      .superRefine(
        (given, issues) => {
          for (const [one, other] of [
            ['cert', 'key'],
            ['key', 'cert'],
          ] as const)
            if (given[one] && !given[other])
              issues.addIssue({ code: 'custom', path: [other], message: `is required with tls.${one}` });
        },
        whenSound('ca', 'cert', 'key', 'verify'),
      )
      // An empty path is none: `ca: ${REDIS_CA:-}`.
      .transform(({ verify, ...files }): TlsKeys => {
        const named = Object.entries(files).filter(([, path]) => path);
        return { ...Object.fromEntries(named), verify };
      })
  );
}
